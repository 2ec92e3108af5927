//! Arguments against a tool's `inputSchema` (JSON Schema 2020-12).

use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;
use serde_json::Value;

/// Problems named in one refusal.
const MOST: usize = 3;

/// A compiled `inputSchema`.
pub(super) struct ArgumentSchema(Validator);

impl ArgumentSchema {
    /// References leave the document never: no network, no files.
    pub(super) fn compile(schema: &Value) -> Result<Self, String> {
        let built = jsonschema::draft202012::new(schema);
        built.map(Self).map_err(|_| "the tool's own input schema is not usable".to_owned())
    }

    pub(super) fn check(&self, arguments: &Value) -> Result<(), String> {
        let problems: Vec<String> =
            self.0.iter_errors(arguments).take(MOST).map(|error| describe(&error)).collect();
        if problems.is_empty() { Ok(()) } else { Err(problems.join("; ")) }
    }
}

/// Where and what was expected. The library's own message would quote the value.
fn describe(error: &jsonschema::ValidationError<'_>) -> String {
    let place = error.instance_path().to_string();
    let place = if place.is_empty() { "the arguments".to_owned() } else { format!("`{place}`") };
    let expected = match error.kind() {
        ValidationErrorKind::Required { property } => {
            return format!("{place} must have {property}");
        }
        ValidationErrorKind::AdditionalProperties { .. }
        | ValidationErrorKind::UnevaluatedProperties { .. } => "has a member that the tool does not know",
        ValidationErrorKind::Type { kind } => return format!("{place} must be of type {}", types(kind)),
        ValidationErrorKind::Enum { .. } | ValidationErrorKind::Constant { .. } => {
            "is not one of the allowed values"
        }
        ValidationErrorKind::Pattern { .. } | ValidationErrorKind::Format { .. } => {
            "has not the expected form"
        }
        ValidationErrorKind::MaxLength { .. } | ValidationErrorKind::MaxItems { .. } => "is too long",
        ValidationErrorKind::MinLength { .. } | ValidationErrorKind::MinItems { .. } => "is too short",
        ValidationErrorKind::Maximum { .. } | ValidationErrorKind::ExclusiveMaximum { .. } => "is too large",
        ValidationErrorKind::Minimum { .. } | ValidationErrorKind::ExclusiveMinimum { .. } => "is too small",
        _ => "does not fit the tool's input schema",
    };
    format!("{place} {expected}")
}

fn types(kind: &jsonschema::error::TypeKind) -> String {
    match kind {
        jsonschema::error::TypeKind::Single(one) => one.to_string(),
        jsonschema::error::TypeKind::Multiple(_) => "one of those listed".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_refusal_names_the_place_and_not_the_value() {
        let schema = json!({
            "type": "object", "required": ["id"], "additionalProperties": false,
            "properties": {"id": {"type": "string", "maxLength": 4}, "kind": {"enum": ["a", "b"]}}
        });
        let schema = ArgumentSchema::compile(&schema).unwrap();
        assert_eq!(schema.check(&json!({"id": "x"})), Ok(()));
        for (arguments, expected) in [
            (json!({}), "the arguments must have \"id\""),
            (json!({"id": 5361}), "`/id` must be of type string"),
            (json!({"id": "536-90-4399"}), "`/id` is too long"),
            (json!({"id": "x", "kind": "secret"}), "`/kind` is not one of the allowed values"),
            (json!({"id": "x", "secret": 1}), "the arguments has a member that the tool does not know"),
        ] {
            assert_eq!(schema.check(&arguments), Err(expected.to_owned()));
        }
    }
}
