//! Hidden spellings of personal data. Whatever a model can read, a detector must.

use super::plan;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use portcullis::redact::Redactor;
use serde_json::{Value, json};

const RULE: &str = "{ release: all, text: detect, profile: hipaa-safe-harbor }";

fn shown(document: &Value) -> Value {
    let plan = plan(RULE, "", None);
    let mut redactor = Redactor::new(&plan, 2026);
    let text = document.to_string();
    let mut out = redactor.structure(text.as_bytes()).unwrap().unwrap().into_owned();
    if redactor.must_repeat() {
        out = redactor.structure(text.as_bytes()).unwrap().unwrap().into_owned();
    }
    serde_json::from_str(&out).unwrap()
}

fn value(text: &str) -> String {
    let plan = plan(RULE, "", None);
    values(&plan, &[text]).remove(0)
}

/// What becomes of each text, in one result's `note`.
fn values(plan: &portcullis::redact::plan::Plan, texts: &[&str]) -> Vec<String> {
    let one = |text: &&str| {
        let document = json!({"note": text}).to_string();
        let out = Redactor::new(plan, 2026).structure(document.as_bytes()).unwrap().unwrap().into_owned();
        let shown: Value = serde_json::from_str(&out).unwrap();
        let prose = Redactor::new(plan, 2026).text(text).unwrap().unwrap_or_default();
        let note = shown["note"].as_str().unwrap_or_default().to_owned();
        if !text.trim_start().starts_with(['{', '[', '(']) {
            assert_eq!(prose, note, "the text and the structure agree on {text}");
        }
        note
    };
    texts.iter().map(one).collect()
}

/// Each text, and what it becomes.
fn check(cases: &[(&str, &str)]) {
    let plan = plan(RULE, "", None);
    let texts: Vec<&str> = cases.iter().map(|(text, _)| *text).collect();
    let mut wrong = Vec::new();
    for ((text, expected), shown) in cases.iter().zip(values(&plan, &texts)) {
        if shown != *expected {
            wrong.push(format!("{text}\n  gave {shown}\n  for  {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Texts that are clean in every reading.
fn clean(texts: &[&str]) {
    check(&texts.iter().map(|text| (*text, *text)).collect::<Vec<_>>());
}

#[test]
fn escapes_of_single_characters() {
    check(&[
        ("pay %34%31%31%31 1111 1111 1111 now", "pay [PAN_1] now"),
        ("q=SSN%20536%2D90%2D4399&x=1", "q=SSN%20[US_SSN_1]&x=1"),
        ("mail jane%40mail.example today", "mail [EMAIL_1] today"),
        ("%2534%2531%2531%2531111111111111", "[PAN_1]"),
        ("&#52;&#49;&#49;&#49;111111111111", "[PAN_1]"),
        ("&#x34;111&nbsp;1111&shy;1111&#8203;1111", "[PAN_1]"),
        ("SSN 536&hyphen;90&#45;4399.", "SSN [US_SSN_1]."),
        ("&amp;#52;111111111111111", "[PAN_1]"),
        (r"\u0034\u0031\u0031\u0031111111111111", "[PAN_1]"),
        (r"\x34\x31\x31\x31111111111111", "[PAN_1]"),
        (r"SSN 536\-90\-4399", "SSN [US_SSN_1]"),
        ("SSN 5=\r\n36=2D90=2D4399", "SSN [US_SSN_1]"),
        ("=34=31=31=31111111111111", "[PAN_1]"),
        ("für é %35%33%36-90-4399 ü", "für é [US_SSN_1] ü"),
        ("4%31&#49;\\u0031111111111111", "[PAN_1]"),
    ]);
    clean(&[
        "https://clinic.example/a%20b/c%20d?x=1&amp;y=2",
        "100% of patients & 20% more",
        r"C:\new\table\x41",
        "=41 is what a=42 gives",
        "Caf&eacute; &copy; 2026 &nbsp;",
    ]);
}

fn encoded(plain: &str) -> Vec<String> {
    let hex =
        |between: &str| plain.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(between);
    let wide: Vec<u8> = plain.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let other: Vec<u8> = plain.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let lines = STANDARD
        .encode(plain)
        .as_bytes()
        .chunks(16)
        .map(String::from_utf8_lossy)
        .collect::<Vec<_>>()
        .join("\r\n");
    vec![
        STANDARD.encode(plain),
        STANDARD_NO_PAD.encode(plain),
        URL_SAFE_NO_PAD.encode(plain),
        STANDARD.encode(STANDARD.encode(plain)),
        STANDARD.encode(URL_SAFE_NO_PAD.encode(STANDARD.encode(plain))),
        lines,
        hex(""),
        hex("").to_uppercase(),
        hex(":"),
        hex(" "),
        hex(", 0x"),
        STANDARD.encode(hex("")),
        STANDARD.encode(wide),
        STANDARD.encode(other),
    ]
}

#[test]
fn runs_of_base64_and_hex() {
    let plan = plan(RULE, "", None);
    for (plain, marker) in [
        ("4111111111111111", "[PAN_1]"),
        ("my SSN is 536-90-4399", "[US_SSN_1]"),
        (r#"{"ssn":"536904399"}"#, "[US_SSN_1]"),
        (r#"{"who":{"given":"Maria"},"pan":4111111111111112}"#, "[PERSON_1][PAN_1]"),
    ] {
        for run in encoded(plain) {
            for text in [run.clone(), format!("see: {run}"), format!("é ({run})")] {
                let shown = values(&plan, &[&text]).remove(0);
                assert!(
                    shown.ends_with(marker) || shown.ends_with(&format!("{marker})")),
                    "{plain} as {text} gave {shown}"
                );
            }
        }
    }
}

#[test]
fn a_value_has_one_marker_however_it_is_spelt() {
    let plain = "536-90-4399";
    let document =
        json!({"a": plain, "b": STANDARD.encode(format!("SSN {plain}")), "c": "SSN 536&#45;90-4399"});
    assert_eq!(shown(&document), json!({"a": "[US_SSN_1]", "b": "[US_SSN_1]", "c": "SSN [US_SSN_1]"}));
    let document = json!({"x": STANDARD.encode(r#"{"family":"Halloran"}"#), "note": "Mrs Halloran slept."});
    assert!(!shown(&document).to_string().contains("Halloran"));
}

#[test]
fn tokens_addresses_and_names() {
    let segment = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let (head, body) = (segment("the seal of it"), segment(r#"{"ssn":"536904399"}"#));
    let token = format!("v1.{body}.{head}");
    let shown_token = format!("v1.[US_SSN_1].{head}");
    let address = format!("data:text/plain;base64,{}", STANDARD.encode("SSN 536-90-4399"));
    check(&[
        (&token, &shown_token),
        (&address, "data:text/plain;base64,[US_SSN_1]"),
        ("data:text/plain,SSN%20536904399", "data:text/plain,SSN%20[US_SSN_1]"),
    ]);
    let name = STANDARD.encode("SSN 536-90-4399");
    assert_eq!(shown(&json!({ name.clone(): 1 })), json!({"[US_SSN_1]": 1}));
    assert_eq!(shown(&json!({"ssn": { name: "x" }})), json!({"ssn": {"[US_SSN_1]": "x"}}));
    assert_eq!(shown(&json!({"ssn": {"536-90-4399": "x"}})), json!({"ssn": {"[US_SSN_1]": "x"}}));
}

#[test]
fn compressed_text() {
    use miniz_oxide::deflate::{compress_to_vec, compress_to_vec_zlib};
    let plain = r#"{"note":"as agreed","ssn":"536904399","more":"as agreed, as agreed, as agreed"}"#;
    let raw = compress_to_vec(plain.as_bytes(), 9);
    let mut gzip = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    gzip.extend_from_slice(&raw);
    let plan = plan(RULE, "", None);
    for bytes in [raw, gzip, compress_to_vec_zlib(plain.as_bytes(), 6)] {
        assert_eq!(values(&plan, &[&STANDARD.encode(&bytes)]), ["[US_SSN_1]"]);
        let nested = STANDARD.encode(compress_to_vec_zlib(STANDARD.encode(&bytes).as_bytes(), 6));
        assert_eq!(values(&plan, &[&nested]), ["[US_SSN_1]"]);
    }
}

#[test]
fn over_a_bound_nothing_passes() {
    let plan = plan(RULE, "", None);
    let blocked = |text: &str| {
        let document = json!({"note": text}).to_string();
        let reason = |blocked: portcullis::redact::Blocked| blocked.reason();
        let structure = Redactor::new(&plan, 2026).structure(document.as_bytes()).err().map(reason);
        assert_eq!(Redactor::new(&plan, 2026).text(text).err().map(reason), structure);
        if structure.is_some() {
            assert_eq!(Redactor::new(&plan, 2026).prose(text), "[REDACTED]");
        }
        structure
    };
    let mut layers = "water lilies, the pond".to_owned();
    for _ in 0..4 {
        layers = STANDARD.encode(layers);
    }
    assert_eq!(blocked(&layers), None);
    assert_eq!(blocked(&STANDARD.encode(layers)), Some("encoded too often or too much"));
    let bomb = miniz_oxide::deflate::compress_to_vec_zlib(&vec![b' '; 9_000_000], 9);
    assert_eq!(blocked(&STANDARD.encode(bomb)), Some("encoded too often or too much"));
    let deep = format!("{}1{}", "[".repeat(70), "]".repeat(70));
    assert_eq!(blocked(&STANDARD.encode(deep)), Some("encoded too often or too much"));
}

#[test]
fn split_and_glued() {
    check(&[
        ("4111/1111/1111/1111", "[PAN_1]"),
        ("4111_1111_1111_1111", "[PAN_1]"),
        ("4111\t1111\t1111\t1111", "[PAN_1]"),
        ("4111  1111  1111  1111", "[PAN_1]"),
        ("pan 4111 | 1111 | 1111 | 1111, exp", "pan [PAN_1], exp"),
        ("4111,1111,1111,1111", "[PAN_1]"),
        ("4111\n1111\r\n1111\n1111", "[PAN_1]"),
        ("4111•1111•1111•1111", "[PAN_1]"),
        ("4111 💳 1111 💳 1111 💳 1111", "[PAN_1]"),
        ("4111\u{200b}1111\u{200b}1111\u{200b}1111", "[PAN_1]"),
        ("4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "[PAN_1]"),
        ("4-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1.", "[PAN_1]."),
        ("41 11 11 11 11 11 11 11", "[PAN_1]"),
        ("3782/822463/10005", "[PAN_1]"),
        ("12/26 4111/1111/1111/1111", "12/26 [PAN_1]"),
        ("4111/1111/1111/1111/12/26", "[PAN_1]/12/26"),
        ("12, 26, 123, 4111, 1111, 1111, 1111, 26", "12, 26, 123, [PAN_1], 26"),
        ("VISA4111111111111111", "VISA[PAN_1]"),
        ("card4111111111111111exp1226", "card[PAN_1]exp1226"),
        ("VISA4111-1111-1111-1111exp", "VISA[PAN_1]exp"),
        ("card-4111111111111111", "card-[PAN_1]"),
        ("4111111111111111-visa", "[PAN_1]-visa"),
        ("img_4111111111111111.jpg", "img_[PAN_1].jpg"),
        ("SSN536904399", "SSN[US_SSN_1]"),
        ("SSN536-90-4399x", "SSN[US_SSN_1]x"),
        ("SSN № 536904399", "SSN № [US_SSN_1]"),
        ("SSN №536904399", "SSN №[US_SSN_1]"),
        ("SSN #536904399", "SSN #[US_SSN_1]"),
        ("SSN: 536\t90\t4399", "SSN: [US_SSN_1]"),
        ("536/90/4399", "[US_SSN_1]"),
        ("his ssn is 5 3 6 9 0 4 3 9 9", "his ssn is [US_SSN_1]"),
        ("SSN 536, 90, 4399", "SSN [US_SSN_1]"),
        ("DE89/3704/0044/0532/0130/00", "[IBAN_1]"),
        ("D E 8 9 3 7 0 4 0 0 4 4 0 5 3 2 0 1 3 0 0 0", "[IBAN_1]"),
    ]);
}

#[test]
fn spelt_otherwise() {
    check(&[
        ("4.111111111111111e15", "[PAN_1]"),
        ("4111111111111111.0", "[PAN_1]"),
        ("four one one one one one one one one one one one one one one one", "[PAN_1]"),
        ("card: Four-triple one, quadruple one, quadruple one, quadruple one", "card: [PAN_1]"),
        ("her SSN is five three six nine oh four three nine nine", "her SSN is [US_SSN_1]"),
        ("4lll 1111 1111 11I1", "[PAN_1]"),
        ("41111111111111l1", "[PAN_1]"),
        ("4111 llll 1111 1111", "[PAN_1]"),
        ("4111 1111 1111-IIII", "[PAN_1]"),
        ("SSN 536-9O-4399", "SSN [US_SSN_1]"),
        ("ЅЅN 536904399", "ЅЅN [US_SSN_1]"),
        ("SSN ५३६९०४३९९", "SSN [US_SSN_1]"),
        ("𝟒𝟏𝟏𝟏 𝟏𝟏𝟏𝟏 𝟏𝟏𝟏𝟏 𝟏𝟏𝟏𝟏", "[PAN_1]"),
        ("④①①① ①①①① ①①①① ①①①①", "[PAN_1]"),
        ("4\u{fe0f}\u{20e3}1\u{fe0f}\u{20e3}1\u{fe0f}\u{20e3}1\u{fe0f}\u{20e3} 1111 1111 1111", "[PAN_1]"),
        ("4\u{332}1\u{332}1\u{332}1\u{332}1\u{332}1\u{332}1\u{332}1\u{332}11111111", "[PAN_1]"),
    ]);
    for decoys in 40..80 {
        let text = format!("{}4111/1111/1111/1111", "7 ".repeat(decoys));
        assert!(!value(&text).contains("1111"), "{text}");
    }
    assert_eq!(shown(&json!({"total": 4.111_111_111_111_111e15})).to_string(), r#"{"total":"[PAN_1]"}"#);
    let hidden: String =
        "SSN 536904399".chars().filter_map(|c| char::from_u32(0xe_0000 + u32::from(c))).collect();
    assert_eq!(
        value(&format!("All well.{hidden} Bye.")),
        "All well.[US_SSN_1] Bye."
            .replace("[US", &format!("{}[US", hidden.chars().take(4).collect::<String>()))
    );
}

#[test]
fn one_number_in_several_values() {
    let single: Vec<String> = "4111111111111111".chars().map(String::from).collect();
    let bytes: Vec<u8> = b"SSN 536-90-4399".to_vec();
    let masked = |count: usize, marker: &str| {
        let mut masked = vec![marker.to_owned()];
        masked.resize(count, "[REDACTED]".to_owned());
        json!(masked)
    };
    for (value, expected) in [
        (json!(["4111", "1111", "1111", "1111"]), masked(4, "[PAN_1]")),
        (json!([4111, 1111, 1111, 1111]), masked(4, "[PAN_1]")),
        (json!(single), masked(16, "[PAN_1]")),
        (
            json!([[4111, 1111], [1111, 1111]]),
            json!([["[PAN_1]", "[REDACTED]"], ["[REDACTED]", "[REDACTED]"]]),
        ),
        (json!(["DE89", "3704", "0044", "0532", "0130", "00"]), masked(6, "[IBAN_1]")),
        (
            json!({"ssn1": "536", "ssn2": "90", "ssn3": "4399"}),
            json!({"ssn1": "[US_SSN_1]", "ssn2": "[REDACTED]", "ssn3": "[REDACTED]"}),
        ),
        (
            json!({"ssn": {"area": "536", "group": "90", "serial": "4399"}}),
            json!({"ssn": {"area": "[US_SSN_1]", "group": "[REDACTED]", "serial": "[REDACTED]"}}),
        ),
        (
            json!({"card_part_1": "4111", "card_part_2": "1111", "card_part_3": "1111", "card_part_4": "1111", "exp": "1226"}),
            json!({"card_part_1": "[PAN_1]", "card_part_2": "[REDACTED]", "card_part_3": "[REDACTED]", "card_part_4": "[REDACTED]", "exp": "1226"}),
        ),
        (
            json!({"type": "Buffer", "data": bytes}),
            json!({"type": "Buffer", "data": masked(15, "[US_SSN_1]")}),
        ),
    ] {
        let document = json!({"before": "Zoë", "rows": value, "after": ["x", 1]});
        assert_eq!(shown(&document), json!({"before": "Zoë", "rows": expected, "after": ["x", 1]}));
    }
    for value in [
        json!([4111, 1111, 1111, 1112]),
        json!([1999, 2000, 2001, 2002]),
        json!([4111, 1111, 1111, 1111, 1111]),
        json!([536, 90, 4399]),
        json!({"width": 536, "height": 90, "depth": 4399}),
        json!([72, 74, 71, 70, 69, 72, 75, 74, 73, 70, 71]),
        json!({"order_id": ["4111", "1111", "1111", "1111"]}),
        json!([[1, 2], [3, 4]]),
    ] {
        assert_eq!(shown(&value), value);
    }
}

/// Parts that are cut off with their container leave nothing behind.
#[test]
fn parts_are_replaced_where_they_stand_alone() {
    let rule = r#"{ release: { s: [$.a, "$.c[*].n", $.z] }, redact: [{ path: $.z, as: null }], profile: hipaa-safe-harbor }"#;
    let plan = plan(rule, "s", None);
    let document = r#"{"x":["4111","1111","1111","1111"],"a":["4111","1111","1111","1111"],"z":[[4111,1111],[1111,1111]],"c":[{"n":[4111,1111,1111,1111],"m":1}]}"#;
    let out = Redactor::new(&plan, 2026).structure(document.as_bytes()).unwrap().unwrap().into_owned();
    let part = r#"["[PAN_1]","[REDACTED]","[REDACTED]","[REDACTED]"]"#;
    assert_eq!(out, format!(r#"{{"a":{part},"z":null,"c":[{{"n":{part}}}]}}"#));
}

/// What looks like it and is not keeps its bytes.
#[test]
fn near_misses() {
    clean(&[
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "550e8400-e29b-41d4-a716-446655440000",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "sha512-WNLJCKJ1rmjsMyuYVHjPhh7JBbv2Ku0pJ8tHsIrXwnXpT5lgV0IXZJdiVlYZMjmRmKxNRfLFrGVqDVAd0NLQbA==",
        "arn:aws:iam::123456789012:role/Administrator",
        "4111111111111111.25",
        "4111/1111/1111/1112",
        "4501, 4502, 4503, 4504, 4505",
        "120, 80, 4500",
        "120\n80\n4500",
        "invoice INV-123-45-6789",
        "lot 12-34-56, bay 7, shelf 19, box 4410, seal 99817",
        "10.0.19041.1288-release_4810.22",
        "72 74 71 70 69 72 75 74 73",
        "3.14159265358979e10 and 2.718281828459045",
        "ORD-4821-99310-B7 shipped in 2 boxes of 144",
        "d2F0ZXIgbGlsaWVzIG9uIHRoZSBwb25k",
        "eyJwYWdlIjoyLCJzb3J0IjoibmFtZSJ9",
        "one two three, four or five at a time; six to nine more",
        "the room code is O1Z-B5S",
        "Hemoglobin A1c/Hemoglobin.total in Blood",
        "PROJ-1234, PROJ-5678, PROJ-9012, PROJ-3456",
        "0x1f 0x8b 0x08 0x00 0x3c 0x7e 0x9a 0xd1 0x02",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "Москва, сорок два",
    ]);
}

/// An attacker pays for what is looked at no more than by its length.
#[test]
fn long_texts_take_time_by_their_length() {
    let plan = plan(RULE, "", None);
    let pieces = [
        "4 1 ", "%25", "&#x3", "\\u", "QUJD ", "Zm9v", "four ", "D E 8 ", "=34", "0x41 ", "1e1", "Ѕa", "[\"",
        "4111/",
    ];
    for piece in pieces {
        let time = |count: usize| {
            let document = json!({"note": piece.repeat(count)}).to_string();
            let start = std::time::Instant::now();
            drop(Redactor::new(&plan, 2026).structure(document.as_bytes()));
            start.elapsed()
        };
        // Something else may have the machine once, not each time.
        let by_length = || time(32_000) < time(4_000) * 30 + std::time::Duration::from_millis(100);
        assert!((0..3).any(|_| by_length()), "{piece}");
    }
}
