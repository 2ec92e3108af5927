//! Text that is not JSON and yet says what its parts are, through every detector that
//! ships.

use portcullis::config::builtin;
use portcullis::redact::Path;
use portcullis::redact::Redactor;
use portcullis::redact::detect::Detectors;
use portcullis::redact::plan::{Detection, Parts, Plan};
use std::collections::HashMap;

/// A plan that masks whatever any detector finds.
fn plan() -> Plan {
    let scanner = Detectors::load(&builtin::rules().detectors)
        .unwrap_or_else(|faults| panic!("{faults:?}"))
        .scanner(|entity| entity.as_str() != "WEB_LINK");
    Plan::released(Detection::new(scanner, HashMap::new()))
}

/// A text, what must be hidden in it and what must stay.
type Case = (&'static str, &'static [&'static str], &'static [&'static str]);

/// In every text nothing of the named values may stay, and all of the others must.
fn check(cases: &[Case]) {
    let plan = plan();
    for (text, hidden, shown) in cases {
        for text in [(*text).to_owned(), format!("Zoë 日本\n\n{text}")] {
            let rest = Redactor::new(&plan, 2026).prose(&text);
            for value in *hidden {
                assert!(!rest.contains(value), "{value} stays in {rest:?}");
            }
            for value in *shown {
                assert!(rest.contains(value), "{value} is gone from {rest:?}");
            }
        }
    }
}

#[test]
fn what_a_text_calls_personal_is_found() {
    check(PERSONAL);
}

#[test]
fn what_only_looks_like_a_key_is_not_one() {
    check(&[
        ("Note: seen in clinic", &[], &["Note: seen in clinic"]),
        ("Given: the following constraints hold", &[], &["the following constraints hold"]),
        ("Family: Mother has had diabetes for years", &[], &["Mother has had diabetes for years"]),
        ("Open 10:30 to 17:45: by appointment", &[], &["10:30 to 17:45: by appointment"]),
        (
            "see https://example.com/patients?page=2 for more",
            &[],
            &["https://example.com/patients?page=2 for more"],
        ),
        ("E11.9: Type 2 diabetes mellitus without complications", &[], &["Type 2 diabetes"]),
        ("interface Login { password: string; user: string }", &[], &["password: string; user: string"]),
        ("const password = readPassword();", &[], &["readPassword();"]),
        ("std::string name; if (ssn == null) return a <= b;", &[], &["if (ssn == null) return a <= b;"]),
        ("# Heading\n\nSome *text*, with a list:\n- one\n- two", &[], &["- one\n- two"]),
        ("name,price\nBlue Kettle,20", &[], &["Blue Kettle,20"]),
        ("a < b and c > d, e|f", &[], &["a < b and c > d, e|f"]),
        ("Mobile: responsive layout with 100 columns and more", &[], &["responsive layout"]),
        ("fn f(name: &str, password: &str) -> bool { name == password }", &[], &["name == password"]),
        ("Result: 3 rows (name: string)", &[], &["3 rows (name: string)"]),
        ("He said: \"it's given: twice a day\"", &[], &["twice a day"]),
        ("{\"a\": 1} [note] (see: above) {x}", &[], &["[note] (see: above) {x}"]),
        ("<p>BP: 120/80</p><p>Plan: follow up</p>", &[], &["120/80", "follow up"]),
        ("Hypertension, essential, I10\nDiabetes, type 2, E11", &[], &["Hypertension", "E11"]),
        ("The name, phone and email\nare optional, not required", &[], &["are optional, not required"]),
        ("if x: return y\nelse: pass", &[], &["if x: return y\nelse: pass"]),
        ("Secret: keep it simple", &[], &["keep it simple"]),
    ]);
}

/// In every document the values beside a label, or in a column, are claimed by it.
#[test]
fn what_a_sibling_names_is_claimed_under_it() {
    let plan = plan();
    for (document, hidden, shown) in SIBLINGS {
        for document in [(*document).to_owned(), format!("[{document},{document}]")] {
            let mut redactor = Redactor::new(&plan, 2026);
            let rest = redactor.structure(document.as_bytes()).unwrap().unwrap();
            for value in *hidden {
                assert!(!rest.contains(value), "{value} stays in {rest}");
            }
            for value in *shown {
                assert!(rest.contains(value), "{value} is gone from {rest}");
            }
        }
    }
}

/// Eight times the document may take 24 times as long, with a margin for a busy machine; what
/// is quadratic takes 64 times as long.
#[test]
fn many_values_in_one_object_do_not_each_look_for_their_labels_again() {
    let plan = plan();
    let many = |n: usize, member: fn(usize) -> String| (0..n).map(member).collect::<String>();
    let values = |n: usize| many(n, |i| format!(r#""value_{i}":"1","#));
    let makers: [&dyn Fn(usize) -> String; 3] = [
        &|n| format!(r#"{{{}"z":0}}"#, values(n)),
        &|n| format!(r#"{{"name":"{}",{}"z":0}}"#, "x".repeat(8 * n), values(n)),
        &|n| {
            let rows = many(n, |i| format!(r#""{}rows{}":[["x"]],"#, "_".repeat(i / 99), "_".repeat(i % 99)));
            format!(r#"{{"columns":["nn"{}],{rows}"z":0}}"#, r#","nn""#.repeat(n))
        },
    ];
    for make in makers {
        let time = |n: usize| {
            let document = make(n);
            let start = std::time::Instant::now();
            Redactor::new(&plan, 2026).structure(document.as_bytes()).unwrap();
            start.elapsed()
        };
        // Something else may have the machine once, not each time.
        let by_length = || time(6400) < time(800) * 24 + std::time::Duration::from_millis(150);
        assert!((0..3).any(|_| by_length()));
    }
}

/// What a caller sees of a text when only `$.id` is released.
fn id_alone(text: &str) -> Option<String> {
    let released = [Path::compile("$.id").unwrap()].into();
    let plan = Plan::new(Parts { release: released, ..Parts::default() });
    Redactor::new(&plan, 2026).text(text).unwrap()
}

#[test]
fn documents_amid_text_get_the_plan_and_the_text_around_them_stays_withheld() {
    for (text, shown) in [
        (r#"Here is Zoë: {"id":1,"ssn":"x"} done"#, Some(r#"[REDACTED]{"id":1}[REDACTED]"#)),
        ("{\"id\":1,\n\"ssn\":\"x\"}\n\n{\"id\":2,\n\"b\":3}\n", Some("{\"id\":1}\n\n{\"id\":2}\n")),
        ("row: {'id': 1, 'ssn': 'x'}", Some(r#"[REDACTED]{"id":1}"#)),
        (r#"Here: {"ssn":"x"}"#, None),
        ("name,ssn\nAnn Lee,536904399", None),
        ("ssn: 536904399", None),
    ] {
        assert_eq!(id_alone(text).as_deref(), shown, "{text}");
    }
}

#[test]
fn a_key_before_a_document_still_holds_behind_it() {
    let plan = plan();
    let text = "<Dbtr>{\"ssn\":\"536904399\",\"n\":1}<Nm>ann lee</Nm></Dbtr> é {\"n\":2}";
    let shown = Redactor::new(&plan, 2026).text(text).unwrap().unwrap();
    assert_eq!(shown, "<Dbtr>{\"ssn\":\"[REDACTED]\",\"n\":1}<Nm>[REDACTED]</Nm></Dbtr> é {\"n\":2}");
    // A finding over a document takes nothing else with it.
    let text = "full_name: \u{f0001} {\"n\":2} lee\nward: West {\"ssn\":\"536904399\"}";
    let shown = Redactor::new(&plan, 2026).text(text).unwrap().unwrap();
    assert_eq!(shown.matches('{').count(), 1, "{shown}");
    assert!(!shown.contains("lee") && !shown.contains("536904399") && shown.contains("West"), "{shown}");
}

#[test]
fn a_document_amid_text_that_cannot_be_filtered_blocks_it_all() {
    let plan = plan();
    let mut redactor = Redactor::new(&plan, 2026);
    assert!(redactor.text(r#"Here: {"a":1,"a":2}"#).is_err());
    assert!(redactor.text(&format!("Here: {}{}", "[".repeat(70) + "{\"a\":1}", "]".repeat(70))).is_err());
}

const SIBLINGS: &[Case] = &[
    (r#"{"name":"ssn","value":"536904399"}"#, &["536904399"], &["\"ssn\""]),
    (r#"{"value":"536904399","n":[{"name":"x"}],"name":"ssn"}"#, &["536904399"], &[]),
    (r#"{"type":"string","value":536904399,"key":"ssn","ward":"West"}"#, &["536904399"], &["West", "string"]),
    (r#"{"label":"Daytime home phone","text":"2125550142"}"#, &["2125550142"], &["home phone"]),
    (r#"{"field":"SSN","values":["536904399","1"]}"#, &["536904399"], &["SSN"]),
    (r#"{"name":"patient","value":{"ssn":"12","ward":"West"}}"#, &["12"], &["West"]),
    (r#"{"name":"date_of_birth","value":{"raw":"3 March 80"}}"#, &["3 March"], &[]),
    (r#"{"code":{"text":"SSN"},"valueString":"536904399"}"#, &["536904399"], &[]),
    (
        r#"{"code":{"coding":[{"code":"1","display":"Social Security Number"}]},"valueString":"536904399"}"#,
        &["536904399"],
        &["Social Security Number"],
    ),
    (
        r#"{"linkId":"4","text":"What is your SSN?","answer":[{"valueString":"536904399"}]}"#,
        &["536904399"],
        &[],
    ),
    (r#"{"system":"http://hl7.org/fhir/sid/us-ssn","value":"536904399"}"#, &["536904399"], &["us-ssn"]),
    (
        r#"{"url":"http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName","valueString":"lee"}"#,
        &["\"lee\""],
        &[],
    ),
    (r#"{"Name":"family_name","Value":"lee"}"#, &["\"lee\""], &["family_name"]),
    (
        r#"{"columns":["name","ssn"],"rows":[["ann lee","536904399"],["bo li","7"]]}"#,
        &["ann lee", "536904399", "bo li", "\"7\""],
        &["\"name\"", "\"ssn\""],
    ),
    (
        r#"{"data":[["ann lee",536904399]],"n":1,"columns":[{"name":"full_name","type":"text"},{"name":"ssn"}]}"#,
        &["ann lee", "536904399"],
        &["full_name", "text"],
    ),
    (r#"{"header":["ward","ssn"],"rows":[["West","536904399"]]}"#, &["536904399"], &["West"]),
    (
        r#"[["ward","ssn"],["West","536904399"],["East",[["1"],"12345"]]]"#,
        &["536904399", "12345"],
        &["ssn", "West", "East"],
    ),
    (r#"{"ssn":[{"name":"first","value":"12"}]}"#, &["\"12\""], &["first"]),
    // What only looks like it.
    (r#"{"name":"ward","value":"West"}"#, &[], &["West"]),
    (r#"{"name":"Blue Kettle","value":"20","unit":"EUR"}"#, &[], &["Blue Kettle", "20", "EUR"]),
    (r#"{"type":"text","text":"The name is not required"}"#, &[], &["The name is not required"]),
    (r#"{"columns":["ward","beds"],"rows":[["West",12]]}"#, &[], &["West", "12"]),
    (r#"[["ward","beds"],["West",12]]"#, &[], &["West", "12", "beds"]),
    (r#"{"coordinates":[[1.5,2.5],[3.5,4.5]]}"#, &[], &["1.5", "4.5"]),
    (r#"{"title":"Name","type":"string","default":"x"}"#, &[], &["\"x\""]),
];

const PERSONAL: &[Case] = &[
    ("ward,tin\nWest,536904399", &["536904399"], &["West"]),
    ("tin | ward\n-----------+-----\n 536904399 | West", &["536904399"], &["West"]),
    ("<row><tin>536904399</tin><ward>West</ward></row>", &["536904399"], &["West"]),
    ("[payee]\ntin = 536904399\nward = West", &["536904399"], &["West"]),
    ("payee.tin=536904399\npayee.ward=West", &["536904399"], &["West"]),
    ("name,ssn\nAnn Lee,536904399", &["Ann Lee", "536904399"], &["name,ssn"]),
    ("name\tssn\nann lee\t536904399\nbo li\t1", &["ann lee", "536904399", "bo li"], &[]),
    (
        "| Patient Name | SSN | Ward |\n|---|---|---|\n| Ann Lee | 536904399 | West |",
        &["Ann Lee", "536904399"],
        &["West"],
    ),
    (" last_name | ssn\n-----------+-----\n Halloran  | 12\n(1 row)", &["Halloran", "12"], &["(1 row)"]),
    (
        "*************************** 1. row ***************************\n        ssn: 536904399\n  last_name: Halloran",
        &["536904399", "Halloran"],
        &["ssn:"],
    ),
    ("Patient name: ann lee\nStatus: active\nDOB: 3 March 1980", &["ann lee", "3 March 1980"], &["active"]),
    ("**Full Name:** Ann Lee\n- **Phone**: 2125550142 (home)\n", &["Ann Lee", "2125550142"], &[]),
    ("Full name: Ann Lee DOB: 2/3/80 MRN: AX-0048 Ward: West", &["Ann Lee", "2/3/80", "AX-0048"], &["West"]),
    (
        "patient:\n  name: ann lee\n  address:\n    city: Boston\nward: West",
        &["ann lee", "Boston"],
        &["West"],
    ),
    ("[customer]\nname = ann lee\nplan = gold", &["ann lee"], &["gold"]),
    (
        "level=info full_name=Ann Lee ssn=536904399 ok=true",
        &["Ann Lee", "536904399"],
        &["level=info", "ok=true"],
    ),
    ("Patient(name='ann lee', ssn='536904399', ward='West')", &["ann lee", "536904399"], &["West"]),
    ("{ full_name: 'ann lee', pan: 12345, ward: 'West' }", &["ann lee", "12345"], &["West"]),
    (
        "[{'full_name': 'ann lee', 'dob': datetime.date(1980, 2, 3), 'ward': 7}]",
        &["ann lee", "1980, 2"],
        &["7"],
    ),
    ("INFO got {\"patient\": {\"name\": \"ann lee\"}, \"n\": 12} done", &["ann lee"], &["12", "done"]),
    ("rec={\"full_name\":\"ann\\u0020lee\"}", &["ann", "lee"], &[]),
    ("<Dbtr><Nm>ann lee</Nm></Dbtr><Amt Ccy=\"EUR\">12</Amt>", &["ann lee"], &["12", "EUR"]),
    (
        "<p:Cdtr><p:Nm><![CDATA[ann lee]]></p:Nm><p:StrtNm>Elm Road</p:StrtNm></p:Cdtr>",
        &["ann lee", "Elm Road"],
        &[],
    ),
    ("<person><name>ann lee</name><dob>1980</dob><team>red</team></person>", &["ann lee", "1980"], &["red"]),
    ("<id root=\"2.16.840.1.113883.4.1\" extension=\"536904399\"/>", &["536904399"], &[]),
    ("<field name=\"ssn\">536904399</field><field name=\"ward\">West</field>", &["536904399"], &["West"]),
    ("<tr><td>SSN</td><td>536904399</td></tr><tr><td>Ward</td><td>West</td></tr>", &["536904399"], &["West"]),
    (
        "<table><tr><th>name</th><th>ssn</th></tr><tr><td>ann lee</td><td>536904399</td></tr></table>",
        &["ann lee", "536904399"],
        &[],
    ),
    (
        "<div><p><b>MRN</b>: 00483920 seen today with cough</p></div>",
        &["00483920"],
        &["seen today with cough"],
    ),
    ("Full name: ann lee<br/>Ward: West<br/>", &["ann lee"], &["<br/>", "West"]),
    (
        "MSH|^~\\&|A\rPID|1||00483920||Lee^Ann||19800203||||12 Elm^^Boston||2125550142||||||536904399",
        &["00483920", "Lee^Ann", "19800203", "12 Elm", "536904399"],
        &["PID|1|"],
    ),
    (
        "ST*837~NM1*IL*1*LEE*ANN****34*536904399~N4*BOSTON*MA*02139~",
        &["LEE", "ANN*", "536904399", "02139"],
        &["*MA*"],
    ),
    (
        "Name       : ann lee\nHome Phone : 2125550142\nWard       : West\nSSN        : 536904399",
        &["2125550142", "536904399"],
        &["West"],
    ),
    ("Patient's SSN = 536904399; ward = West", &["536904399"], &["West"]),
    ("user_email=ann@example.com&ssn=536904399&page=2", &["ann@example.com", "536904399"], &["page=2"]),
    ("SSN:\n536904399\n\nWard:\nWest", &["536904399"], &["West"]),
    ("full_name:\n  - bo li\nward: 3", &["bo li"], &["ward: 3"]),
    ("\"full_name\" => \"ann lee\", \"ward\" => \"West\"", &["ann lee"], &["West"]),
    ("export DB_PASSWORD=hunter22x\nexport TERM=xterm", &["hunter22x"], &["xterm"]),
    ("User{FullName:ann lee, SSN:536904399, Ward:West}", &["ann lee", "536904399"], &["West"]),
    ("#<Patient id: 7, full_name: \"ann lee\", ssn: nil>", &["ann lee"], &["id: 7", "nil"]),
    ("ssn;full_name\n1;ann lee\n2;bo li", &["ann lee", "bo li"], &[]),
    (
        "id  full_name  ssn\n--  ---------  ---------\n1   ann lee    536904399",
        &["ann lee", "536904399"],
        &["id  "],
    ),
    (
        "Report\nname,dob,ward\n\"Lee, Ann\",1980-02-03,West\n\nTotal,1",
        &["Lee", "1980-02"],
        &["West", "Total"],
    ),
    ("<ssn>536904399", &["536904399"], &[]),
    ("<a><ssn>536904399</b></a><x>7</x>", &["536904399"], &["7"]),
    ("<!-- <ssn>536904399</ssn> --><x>7</x>", &["536904399"], &["7</x>"]),
    ("<row ssn=\"536904399\" ward='West'/>", &["536904399"], &["West"]),
    ("<input name='ssn' value='536904399'><input name=ward value=West>", &["536904399"], &["West"]),
    ("<span class=\"ssn\">536904399</span>", &["536904399"], &[]),
    ("<birthTime value=\"19800203\"/>", &["19800203"], &[]),
    ("<DbtrAcct><Id><Othr><Id>0099887</Id></Othr></Id></DbtrAcct>", &["0099887"], &[]),
    ("<name><given>ann</given><family>lee</family></name>", &["ann", "lee"], &[]),
    ("<dl><dt>SSN</dt><dd>536904399</dd><dt>Ward</dt><dd>West</dd></dl>", &["536904399"], &["West"]),
    ("<plist><key>ssn</key><string>536904399</string></plist>", &["536904399"], &[]),
    (
        "Here: {\"full_name\": \"ann lee\"} and [{\"full_name\": \"bo li\"}] end",
        &["ann lee", "bo li"],
        &["end"],
    ),
    ("2024 INFO saved {\"ssn\":\"536904399\",\"n\":1}", &["536904399"], &["INFO saved"]),
    ("Row 1: full_name=ann ssn=1 | Row 2: full_name=bo ssn=2", &["=ann", "=bo"], &["Row 2"]),
    ("1. Full name: ann lee\n2. SSN: 536904399\n3. Ward: West", &["ann lee", "536904399"], &["West"]),
    ("> **SSN**: `536904399`\n> **Ward**: West", &["536904399"], &["West"]),
    ("ssn: 536904399\n---\nssn: 536904398\n", &["536904399", "536904398"], &["---"]),
];
