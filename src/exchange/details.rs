//! Rich authorization (RFC 9396), narrowed to one operation at one downstream.
//!
//! Where the caller's token holds `authorization_details` of type `mcp_tool`, the
//! delegated token is asked for with those of them that cover the operation, and only it.

use serde_json::{Map, Value, json};

/// The type of details that are about tools.
const KIND: &str = "mcp_tool";

/// What to ask for, from what the caller was granted; None where no details of our type
/// were. The other members, such as a purpose, are carried on.
///
/// # Errors
/// When the caller's details do not cover the operation.
pub(super) fn narrowed(
    granted: Option<&Value>,
    audience: &str,
    operation: &str,
    scope: &str,
) -> Result<Option<Value>, &'static str> {
    let Some(granted) = granted else { return Ok(None) };
    let granted = granted.as_array().ok_or("authorization_details")?;
    let ours: Vec<&Map<String, Value>> = granted
        .iter()
        .filter_map(Value::as_object)
        .filter(|detail| detail.get("type").is_some_and(|kind| kind == KIND))
        .collect();
    if ours.is_empty() {
        return Ok(None);
    }
    let covers = |detail: &&Map<String, Value>| match detail.get("actions") {
        None => true,
        Some(Value::Array(actions)) => actions.iter().any(|action| action == operation || action == scope),
        Some(_) => false,
    };
    let narrow = |detail: &Map<String, Value>| {
        let mut detail = detail.clone();
        detail.insert("actions".to_owned(), json!([operation]));
        detail.insert("locations".to_owned(), json!([audience]));
        Value::Object(detail)
    };
    let narrowed: Vec<Value> = ours.into_iter().filter(covers).map(narrow).collect();
    if narrowed.is_empty() { Err("authorization_details do not cover it") } else { Ok(Some(narrowed.into())) }
}

/// Whether a delegated token's details are no wider than what was asked for: each is one
/// that was asked for. It must have some if it was asked for some, and none if for none.
///
/// # Errors
/// A stable word for the audit.
pub(super) fn hold(found: Option<&Value>, asked: Option<&Value>) -> Result<(), &'static str> {
    let wider = Err("delegated authorization_details");
    match (found, asked.and_then(Value::as_array)) {
        (None, None) => Ok(()),
        (Some(Value::Array(found)), Some(asked)) if !found.is_empty() => {
            if found.iter().all(|detail| asked.contains(detail)) { Ok(()) } else { wider }
        }
        _ => wider,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_granted_is_narrowed_to_the_operation() {
        let ask = |granted: &Value| narrowed(Some(granted), "urn:clinic", "getPatient", "clinic:getPatient");
        assert_eq!(narrowed(None, "urn:clinic", "x", "y"), Ok(None));
        assert_eq!(ask(&json!([{"type": "payment", "amount": 5}])), Ok(None));
        let granted = json!([
            {"type": "mcp_tool", "actions": ["getPatient", "addNote"], "locations": ["https://gate"], "purpose": "TREAT"},
            {"type": "mcp_tool", "actions": ["addNote"]},
            {"type": "payment"},
        ]);
        let expected = json!([{"type": "mcp_tool", "actions": ["getPatient"], "locations": ["urn:clinic"], "purpose": "TREAT"}]);
        assert_eq!(ask(&granted), Ok(Some(expected)));
        for granted in [
            json!([{"type": "mcp_tool", "actions": ["addNote"]}]),
            json!([{"type": "mcp_tool", "actions": "getPatient"}]),
        ] {
            assert_eq!(ask(&granted), Err("authorization_details do not cover it"), "{granted}");
        }
        assert_eq!(ask(&json!({"type": "mcp_tool"})), Err("authorization_details"));
    }

    #[test]
    fn no_detail_comes_back_that_was_not_asked_for() {
        let asked = json!([{"type": "mcp_tool", "actions": ["a"]}]);
        let wider = json!([{"type": "mcp_tool", "actions": ["a", "b"]}]);
        assert_eq!(hold(None, None), Ok(()));
        assert_eq!(hold(Some(&asked), Some(&asked)), Ok(()));
        for (found, asked) in [
            (Some(&wider), Some(&asked)),
            (None, Some(&asked)),
            (Some(&asked), None),
            (Some(&json!([])), Some(&asked)),
        ] {
            assert!(hold(found, asked).is_err(), "{found:?}");
        }
    }
}
