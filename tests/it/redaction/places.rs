//! What the walk remembers between values and results must never decide about another.

use super::{check, filter, plan};
use portcullis::redact::{Blocked, Redactor};

const DETECTED: &str = "{ release: all, profile: hipaa-safe-harbor }";

#[test]
fn a_value_that_was_clean_in_one_place_is_judged_anew_in_another() {
    let document =
        r#"{"order":"536904399","rows":[{"sku":"536904399"},{"ssn":"536904399"}],"ssn":"536904399"}"#;
    let expected =
        r#"{"order":"536904399","rows":[{"sku":"536904399"},{"ssn":"[US_SSN_1]"}],"ssn":"[US_SSN_1]"}"#;
    check(DETECTED, "", document, Some(expected));
}

/// Member names that are personal data have places that are made anew each time; their
/// numbers must not be taken for each other.
#[test]
fn places_under_personal_names_are_not_mixed_up() {
    let document = r#"{"a@b.example":{"ref":"536904399"},"c@d.example":{"ssn":"536904399"}}"#;
    let expected = r#"{"[EMAIL_1]":{"ref":"536904399"},"[EMAIL_2]":{"ssn":"[US_SSN_1]"}}"#;
    check(DETECTED, "", document, Some(expected));
}

#[test]
fn a_member_called_like_a_person_is_masked_in_this_result_and_the_next() {
    let document = r#"{"Maria":{"bed":4},"staff":[{"given":"Maria"}],"note":"Maria slept well."}"#;
    let expected =
        r#"{"[PERSON_1]":{"bed":4},"staff":[{"given":"[PERSON_1]"}],"note":"[PERSON_1] slept well."}"#;
    check(DETECTED, "", document, Some(expected));
    // Its own keys claim the name; that must not hide that it was learned.
    let claimed = r#"{"given":{"Maria":1},"family_name":"Maria","note":"Maria slept."}"#;
    let expected_claimed =
        r#"{"given":{"[PERSON_1]":1},"family_name":"[PERSON_1]","note":"[PERSON_1] slept."}"#;
    check(DETECTED, "", claimed, Some(expected_claimed));
    let plan = plan(DETECTED, "", None);
    for _ in 0..2 {
        let mut redactor = Redactor::new(&plan, 2026);
        redactor.structure(document.as_bytes()).unwrap();
        assert!(redactor.must_repeat());
        assert_eq!(redactor.structure(document.as_bytes()).unwrap().as_deref(), Some(expected));
    }
}

#[test]
fn one_plan_filters_results_of_every_shape_in_turn() {
    let plan = plan(r#"{ release: { s: ["$.v[?@.k=='a']", "$.v[-1].n", "$.w[1:].n"] } }"#, "s", None);
    let once = |document: &str| {
        let kept = Redactor::new(&plan, 2026).structure(document.as_bytes()).unwrap();
        kept.map(std::borrow::Cow::into_owned)
    };
    for _ in 0..3 {
        assert_eq!(
            once(r#"{"v":[{"k":"a","n":1},{"k":"b","n":2}]}"#).unwrap(),
            r#"{"v":[{"k":"a","n":1},{"n":2}]}"#
        );
        assert_eq!(
            once(r#"{"v":[{"k":"b","n":1}],"w":[{"n":1},{"n":2}]}"#).unwrap(),
            r#"{"v":[{"n":1}],"w":[{"n":2}]}"#
        );
        assert_eq!(once(r#"{"v":[{"k":"b","x":1}]}"#), None);
        assert_eq!(once(r#"{"v":{"p":{"k":"a"},"q":{"k":"b"}}}"#).unwrap(), r#"{"v":{"p":{"k":"a"}}}"#);
    }
}

/// More outcomes of trials than are told apart must be judged all the same.
#[test]
fn trials_with_very_many_outcomes_are_all_judged() {
    let paths: Vec<String> = (0..9).map(|bit| format!(r#""$.rows[?@.b{bit}==1].v{bit}""#)).collect();
    let rule = format!("{{ release: {{ s: [{}] }} }}", paths.join(", "));
    let member = |name: String, value: usize| format!(r#""{name}":{value}"#);
    let row = |number: usize| {
        let bits = (0..9).map(|bit| member(format!("b{bit}"), number >> bit & 1));
        let values = (0..9).map(|bit| member(format!("v{bit}"), bit));
        format!("{{{}}}", bits.chain(values).collect::<Vec<_>>().join(","))
    };
    let kept = |number: usize| {
        let values = (0..9).filter(|bit| number >> bit & 1 == 1).map(|bit| member(format!("v{bit}"), bit));
        format!("{{{}}}", values.collect::<Vec<_>>().join(","))
    };
    let list = |rows: Vec<String>| format!(r#"{{"rows":[{}]}}"#, rows.join(","));
    let expected = list((1..512).map(kept).collect());
    check(&rule, "s", &list((0..512).map(row).collect()), Some(&expected));
}

#[test]
fn a_name_given_twice_blocks_however_it_is_spelt_or_tested() {
    let all = plan("{ release: all }", "", None);
    let tested = plan(r#"{ release: { s: ["$[?@.k]"] } }"#, "s", None);
    let detected = plan(DETECTED, "", None);
    for document in [
        r#"{"a":1,"a":2}"#,
        r#"{"a":{"k":1},"\u0061":2}"#,
        r#"{"a@b.example":{"k":1},"a@b.example":{}}"#,
        r#"{"b":{"a":1},"c":1,"b":{"k":2}}"#,
    ] {
        for plan in [&all, &tested, &detected] {
            let blocked = Redactor::new(plan, 2026).structure(document.as_bytes()).unwrap_err();
            assert_eq!(blocked, Blocked::Duplicate, "{document}");
        }
    }
    let apart = r#"[{"a":1},{"a":2},{"b":{"a":3},"a":4}]"#;
    assert_eq!(filter("{ release: all }", "", apart).0.as_deref(), Some(apart));
}

#[test]
fn what_is_withheld_is_still_bounded_and_balanced() {
    let plan = plan("{ release: { s: [$.id] } }", "s", None);
    let run = |document: &str| {
        Redactor::new(&plan, 2026)
            .structure(document.as_bytes())
            .map(|kept| kept.map(std::borrow::Cow::into_owned))
    };
    let deep = |depth: usize| format!(r#"{{"x":{}{},"id":1}}"#, "[".repeat(depth), "]".repeat(depth));
    assert_eq!(run(&deep(63)).unwrap().unwrap(), r#"{"id":1}"#);
    assert_eq!(run(&deep(64)), Err(Blocked::TooDeep));
    for broken in [
        r#"{"x":[1},"id":1}"#,
        r#"{"x":{"y":1],"id":1}"#,
        r#"{"x":"a,"id":1}"#,
        r#"{"x":[1,"id":1}"#,
        r#"{"x":,"id":1}"#,
        r#"{"x":tru,"id":1}"#,
    ] {
        assert_eq!(run(broken), Err(Blocked::Syntax), "{broken}");
    }
    assert_eq!(run(r#"{"x":"}]\"\\","id":1}"#).unwrap().unwrap(), r#"{"id":1}"#);
}

#[test]
fn commas_and_white_space_stay_right_whatever_is_cut() {
    let rule = r#"{ release: { s: [$.b, $.d, "$.l[1,3]"] } }"#;
    for (document, expected) in [
        (r#"{"a":1,"b":2,"c":3,"d":4,"e":5}"#, r#"{"b":2,"d":4}"#),
        (r#"{"a":1,"c":3}"#, ""),
        (r#"{ "a":1 , "b":2 , "c":3 }"#, r#"{ "b":2 }"#),
        (r#"{"b":{},"d":[ ]}"#, r#"{"b":{},"d":[ ]}"#),
        (r#"{"l":[0,1,2,3,4]}"#, r#"{"l":[1,3]}"#),
        (r#"{"l":[ 0 , 1 , 2 ],"a":{"b":1}}"#, r#"{"l":[ 1 ]}"#),
        (r#"{"l":[0],"b":1}"#, r#"{"b":1}"#),
    ] {
        check(rule, "s", document, Some(expected).filter(|expected| !expected.is_empty()));
    }
}
