//! What a client says of why it calls, in `_meta`. It grants nothing by itself.

use serde_json::{Map, Value};

const BREAK_GLASS: &str = "io.portcullis/break-glass";
const LONGEST: usize = 64;

/// Of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stated {
    /// Emergency access is asked for. The reason is a code and no prose: prose would hold
    /// what nobody may read.
    pub emergency: Option<Emergency>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emergency {
    /// None where what is said is not a code.
    pub reason: Option<String>,
}

impl Stated {
    /// `{"io.portcullis/break-glass": {"reason": "cardiac-arrest"}}`
    pub fn read(params: &Map<String, Value>) -> Self {
        let asked = params.get("_meta").and_then(|meta| meta.get(BREAK_GLASS));
        let emergency = asked.map(|asked| {
            let reason = asked.get("reason").and_then(Value::as_str);
            Emergency { reason: reason.filter(|reason| is_code(reason)).map(str::to_owned) }
        });
        Self { emergency }
    }
}

fn is_code(text: &str) -> bool {
    let fit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    (3..=LONGEST).contains(&text.len()) && text.bytes().all(fit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_reason_is_a_code() {
        let of = |asked: Value| {
            let params = json!({"_meta": {BREAK_GLASS: asked}});
            Stated::read(params.as_object().unwrap()).emergency.map(|emergency| emergency.reason)
        };
        assert_eq!(of(json!({"reason": "cardiac-arrest"})), Some(Some("cardiac-arrest".into())));
        for other in [json!({}), json!(true), json!({"reason": "Patient X is ill"}), json!({"reason": ""})] {
            assert_eq!(of(other), Some(None));
        }
        assert_eq!(Stated::read(&Map::new()).emergency, None);
    }
}
