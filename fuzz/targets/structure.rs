//! An arbitrary document under an arbitrary plan comes to what the reference says, every
//! spelling kept; the text twin comes to the same; and filtering twice changes nothing more.
#![no_main]

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use portcullis::redact::Path;
use portcullis::redact::plan::{Parts, Plan};
use portcullis_fuzz::engine::{self, STRICT};
use portcullis_fuzz::query::redaction;
use portcullis_fuzz::tree;
use portcullis_fuzz::{document, query};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::HashSet;

fuzz_target!(|data: &[u8]| {
    let _ = run(&mut Unstructured::new(data));
});

fn run(bytes: &mut Unstructured<'_>) -> Result<()> {
    let (release, covers) = (query::queries(bytes)?, query::covers(bytes)?);
    let written = document::write(bytes, 5)?;
    let compile = |query: &String| Path::compile(query).unwrap_or_else(|why| panic!("{why}"));
    let plan = Plan::new(Parts {
        release: release.iter().map(compile).collect(),
        redact: covers.iter().map(|(query, operator)| (compile(query), redaction(*operator))).collect(),
        ..Parts::default()
    });
    let tree: Value =
        serde_json::from_str(&written.text).unwrap_or_else(|why| panic!("{why}: {}", written.text));
    let expected = tree::filter(&tree, &release, &covers).map(|kept| kept.to_string());
    let kept =
        engine::structure(&plan, &written.text).unwrap_or_else(|why| panic!("{why}: {}", written.text));
    let read = kept.as_ref().map(|kept| parse(kept).to_string());
    assert_eq!(read, expected, "{release:?} but {covers:?} of {}", written.text);
    if tree.is_object() || tree.is_array() {
        assert_eq!(engine::text(&plan, &written.text), Ok(kept.clone()), "the twin of {}", written.text);
    }
    if let Some(kept) = kept {
        spelt_alike(&kept, &written.scalars.into_iter().collect());
    }
    twice(&written.text);
    Ok(())
}

/// Every scalar that is left is spelt as it was, or is what an operator writes.
fn spelt_alike(kept: &str, scalars: &HashSet<String>) {
    let raw: &RawValue = serde_json::from_str(kept).unwrap_or_else(|why| panic!("{why}: {kept}"));
    let (mut open, mut found) = (vec![raw], Vec::new());
    while let Some(value) = open.pop() {
        match value.get().as_bytes().first() {
            Some(b'{') => {
                let members: std::collections::HashMap<String, &RawValue> =
                    serde_json::from_str(value.get()).unwrap_or_default();
                open.extend(members.into_values());
            }
            Some(b'[') => {
                open.extend(serde_json::from_str::<Vec<&RawValue>>(value.get()).unwrap_or_default())
            }
            _ => found.push(value.get()),
        }
    }
    for spelt in found {
        let known = scalars.contains(spelt) || matches!(spelt, "null" | "\"[REDACTED]\"");
        assert!(known, "{spelt} is spelt anew in {kept}");
    }
}

/// The detectors find nothing in what they have left.
fn twice(document: &str) {
    let Ok(Some(once)) = engine::structure(&STRICT, document) else { return };
    parse(&once);
    assert_eq!(engine::structure(&STRICT, &once).as_ref(), Ok(&Some(once.clone())), "twice, {document}");
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|why| panic!("{why}: {text}"))
}
