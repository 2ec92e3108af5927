//! Small results, many tools, many detectors.

use crate::{ALLOCATOR, YEAR, documents, filter, plan, rate, sources, time};
use portcullis::redact::Redactor;
use portcullis::redact::rules::{Rules, Source};
use portcullis::redact::tools::Blobs;
use portcullis::release::tool_result;
use serde_json::Value;
use stats_alloc::Region;
use std::hint::black_box;

/// Results of two kilobytes with their text twin, through the whole of `release`, each with
/// the plan that the rules have for its caller.
pub(crate) fn charts(rules: &Rules) {
    let result = |patient| {
        let chart = documents::chart(patient);
        let twin = Value::from(chart.clone());
        format!(r#"{{"content":[{{"type":"text","text":{twin}}}],"structuredContent":{chart}}}"#)
    };
    let days: Vec<Vec<String>> =
        (0..16).map(|day| (day * 200..(day + 1) * 200).map(result).collect()).collect();
    let (results, days) = days.split_first().unwrap();
    let one = |result: &String| {
        let plan = plan(rules, "all");
        tool_result(&mut Redactor::new(&plan, YEAR), None, Blobs::Drop, black_box(result)).unwrap()
    };
    for result in results {
        let out = one(result);
        assert!(!out.contains("555-01") && !documents::holds_ssn(&out) && out.contains("in no distress"));
    }
    let bytes = results.iter().map(String::len).sum();
    let printing = time(days, |results| {
        for result in results {
            let value: Value = serde_json::from_str(black_box(result)).unwrap();
            drop(black_box(value.to_string()));
        }
    });
    let region = Region::new(ALLOCATOR);
    for result in results {
        drop(one(result));
    }
    let allocations = region.change().allocations / results.len();
    let took = time(days, |results| results.iter().for_each(|result| drop(black_box(one(result)))));
    println!(
        "{} results of {} bytes with their twin: {:.1} MB/s, {:.2} × of serde_json, {allocations} allocations each",
        results.len(),
        bytes / results.len(),
        rate(bytes, took),
        printing.as_secs_f64() / took.as_secs_f64()
    );
}

/// What a result costs when its tool is one of very many.
fn tools_scale(count: usize) -> std::time::Duration {
    let mut text = crate::tools();
    for number in 0..count {
        text.push_str(&format!(
            "  tool-{number}: {{ release: {{ s: [$.a{number}, '$.b[*].c{number}'] }} }}\n"
        ));
    }
    let rules = Rules::load(&sources(text)).unwrap_or_else(|faults| panic!("{faults:?}"));
    let documents: Vec<String> = (0..16).map(documents::bundle).collect();
    time(&documents, |document| drop(black_box(filter(&plan(&rules, "quarter-detected"), document))))
}

pub(crate) fn tools() {
    let (few, many) = (tools_scale(10), tools_scale(1_000));
    println!("1,000 tool rules cost {:.2} × what 10 do", many.as_secs_f64() / few.as_secs_f64());
}

/// What a result costs when very many detectors look at it.
pub(crate) fn detectors() {
    let shipped = sources(crate::tools()).detectors.len();
    let (few, many) = (detectors_scale(shipped), detectors_scale(200));
    let times = many.as_secs_f64() / few.as_secs_f64();
    println!("200 detectors cost {times:.2} × what the {shipped} that ship do");
}

/// Beside what ships, detectors of the kinds that catalogues are full of: a token with a
/// prefix, a number behind a word, a number with a check digit's shape, a key.
fn detectors_scale(count: usize) -> std::time::Duration {
    let mut with = sources(crate::tools());
    let shipped = with.detectors.len();
    for number in shipped..count {
        let (pattern, hit) = match number % 3 {
            0 => (format!("zq{number}_[A-Za-z0-9]{{20,40}}"), format!("zq{number}_ABCDEFGHIJ0123456789")),
            1 => (format!("(?i)\\bid{number}\\s?[:\\#]?\\s*(?P<value>[0-9]{{6,10}})"), "1234567".to_owned()),
            _ => (format!("Q{number}[0-9]{{3}}-[0-9]{{5}}-[0-9]{{2}}"), format!("Q{number}123-12345-12")),
        };
        let text = |n: usize| match number % 3 {
            1 => format!("{} id{number}: {hit}", "x".repeat(n)),
            _ => format!("{} {hit}", "x".repeat(n)),
        };
        let matching: Vec<String> =
            (1..4).map(|n| format!("    - {{ text: '{}', finds: ['{hit}'] }}\n", text(n))).collect();
        let entity = "ACCOUNT_TOKEN";
        with.detectors.push(Source::new(
            format!("bench-{number}"),
            format!(
                "id: bench-{number}\ntitle: t\nentity: {entity}\nreference: r\npattern: '{pattern}'\nkeys: [bench_{number}]\nexamples:\n  match:\n{}  ignore:\n    - {{ text: a }}\n    - {{ text: b }}\n    - {{ text: c }}\n",
                matching.concat()
            ),
        ));
    }
    if let Some(profile) = with.profiles.last_mut().filter(|_| count > shipped) {
        profile.text.push_str("  ACCOUNT_TOKEN: replace\n");
    }
    let rules = Rules::load(&with).unwrap_or_else(|faults| panic!("{faults:?}"));
    assert_eq!(rules.detectors.iter().count(), count);
    let (documents, plan): (Vec<String>, _) = ((0..16).map(documents::bundle).collect(), plan(&rules, "all"));
    time(&documents, |document| drop(black_box(filter(&plan, document))))
}
