//! Messages made from the gate's own forms, with a secret planted in one place.

use portcullis::wire::form::asks::Asking;
use portcullis::wire::form::{Form, Part, answers};
use serde_json::{Map, Value, json};

/// What must never pass. A valid number, in the spelling every profile knows.
pub(crate) const SECRET: &str = "536-90-4399";
/// In every text that is not planted, so that a test can see that messages pass at all.
pub(crate) const HELLO: &str = "hello there";

/// Every place of a form, one path each: each leaf, each object's unknown member, each map's
/// member name.
pub(crate) fn places(form: &Form) -> Vec<String> {
    let mut found = Vec::new();
    collect_form(form, "", &mut found);
    found
}

fn collect_form(form: &Form, path: &str, found: &mut Vec<String>) {
    for member in form.0 {
        collect(member.part, &format!("{path}.{}", member.name), found);
    }
    found.push(format!("{path}.x-unknown"));
}

fn collect(part: Part, path: &str, found: &mut Vec<String>) {
    match part {
        Part::Object(form) => collect_form(form, path, found),
        Part::List(element) | Part::OneOrMore(element) => collect(*element, &format!("{path}[]"), found),
        Part::Map(of) => {
            found.push(format!("{path}{{name}}"));
            collect(*of, &format!("{path}{{}}"), found);
        }
        Part::OneOf(forms) => {
            found.push(format!("{path}.type"));
            for (kind, form) in forms {
                collect_form(form, &format!("{path}({kind})"), found);
            }
        }
        Part::Ask => {
            for asking in Asking::ALL.into_iter().filter(|asking| *asking != Asking::Ping) {
                collect_form(asking.params(), &format!("{path}({})", asking.as_str()), found);
            }
        }
        Part::Answer => {
            for (name, form) in ANSWERS {
                collect_form(form, &format!("{path}({name})"), found);
            }
        }
        Part::Where(_, inner) => collect(*inner, path, found),
        _ => found.push(path.to_owned()),
    }
}

static ANSWERS: [(&str, &Form); 3] =
    [("elicitation", &answers::ELICITED), ("sampling", &answers::SAMPLED), ("roots", &answers::ROOTS)];

/// A message of this form, complete and harmless but for the place `planted`.
pub(crate) fn sample(form: &Form, planted: &str) -> Map<String, Value> {
    build_form(form, "", planted)
}

fn build_form(form: &Form, path: &str, planted: &str) -> Map<String, Value> {
    let mut out = Map::new();
    for member in form.0 {
        if let Some(value) = build(member.part, &format!("{path}.{}", member.name), planted) {
            out.insert(member.name.to_owned(), value);
        }
    }
    if planted == format!("{path}.x-unknown") {
        out.insert("x-unknown".into(), json!(SECRET));
    }
    out
}

fn build(part: Part, path: &str, planted: &str) -> Option<Value> {
    let here = path == planted;
    Some(match part {
        Part::Blob if here => json!(base64(SECRET)),
        Part::Blob => json!(base64(HELLO)),
        Part::Data | Part::Structure | Part::Arguments if here => json!({"note": format!("it is {SECRET}")}),
        Part::Schema if here => json!({"type": "object", "description": SECRET, "examples": [SECRET]}),
        Part::Text if here => json!(format!("it is {SECRET} indeed")),
        Part::Object(form) => Value::Object(build_form(form, path, planted)),
        Part::List(element) | Part::OneOrMore(element) => {
            build(*element, &format!("{path}[]"), planted).into_iter().collect()
        }
        Part::Map(of) => {
            let name = if planted == format!("{path}{{name}}") { SECRET } else { "name" };
            let value = build(*of, &format!("{path}{{}}"), planted)?;
            json!({name: value})
        }
        Part::OneOf(forms) => {
            let inside = |kind: &str| planted.starts_with(&format!("{path}({kind})"));
            let (kind, form) = forms.iter().find(|(kind, _)| inside(kind)).unwrap_or(&forms[0]);
            let mut object = build_form(form, &format!("{path}({kind})"), planted);
            let kind = if planted == format!("{path}.type") { SECRET } else { kind };
            object.insert("type".into(), json!(kind));
            Value::Object(object)
        }
        Part::Ask => {
            let inside = |asking: &Asking| planted.starts_with(&format!("{path}({})", asking.as_str()));
            let asking = Asking::ALL.into_iter().find(inside).unwrap_or(Asking::Elicitation);
            let params = build_form(asking.params(), &format!("{path}({})", asking.as_str()), planted);
            json!({"method": asking.as_str(), "params": params})
        }
        Part::Answer => {
            let inside = |name: &str| planted.starts_with(&format!("{path}({name})"));
            let (name, form) = ANSWERS.iter().find(|(name, _)| inside(name)).unwrap_or(&ANSWERS[0]);
            Value::Object(build_form(form, &format!("{path}({name})"), planted))
        }
        Part::Where(_, inner) => return build(*inner, path, planted),
        _ if here => json!(SECRET),
        Part::Word(words) => json!(words[0]),
        Part::Flag => json!(true),
        Part::Number => json!(1),
        Part::Time => json!("2026-01-02T03:04:05Z"),
        Part::Token => json!("token-1"),
        Part::Text => json!(HELLO),
        Part::Uri => json!("demo://one"),
        Part::Data | Part::Structure | Part::Arguments => json!({"note": HELLO}),
        Part::Schema => json!({"type": "object"}),
        Part::Private => json!("public"),
        Part::Sealed(_) | Part::Own | Part::Dropped => return None,
    })
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// Whether the secret is in these bytes, in any spelling that was planted.
pub(crate) fn leaks(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    [SECRET.to_owned(), SECRET.replace('-', ""), base64(SECRET)]
        .iter()
        .any(|spelling| text.contains(spelling))
}
