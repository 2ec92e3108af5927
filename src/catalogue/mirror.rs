//! Arguments that a tool wants mirrored in `Mcp-Param-*` headers (`x-mcp-header`,
//! MCP 2026-07-28): so that proxies can route by them, and so must agree with the body.

use serde_json::Value;

/// Properties of properties that are followed.
const MAX_DEPTH: usize = 8;

/// One mirrored argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirrored {
    /// Lower case, without `mcp-param-`.
    pub header: String,
    /// The way to the argument, member by member.
    pub path: Vec<String>,
}

impl Mirrored {
    /// What the header must say for these arguments; None when it must be absent.
    pub fn value(&self, arguments: &Value) -> Option<String> {
        match self.path.iter().try_fold(arguments, |value, name| value.get(name))? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// Whether a header that came says the same; integers are compared as numbers.
    pub fn agrees(&self, arguments: &Value, header: Option<&str>) -> bool {
        match (self.value(arguments), header) {
            (None, None) => true,
            (Some(expected), Some(header)) => {
                let number = |text: &str| text.trim().parse::<i64>().ok();
                expected == header || number(&expected).is_some_and(|value| number(header) == Some(value))
            }
            (None, Some(_)) | (Some(_), None) => false,
        }
    }
}

/// The mirrored arguments of an input schema. None when an annotation stands where none
/// may: on something that is no scalar, not reached through `properties` alone, with a
/// name that is no token or is used twice.
pub(super) fn mirrored(schema: &Value) -> Option<Vec<Mirrored>> {
    let mut found = Vec::new();
    collect(schema, &mut Vec::new(), &mut found)?;
    let all = count(schema, 0);
    let unique = found
        .iter()
        .enumerate()
        .all(|(at, one)| found.iter().take(at).all(|other: &Mirrored| other.header != one.header));
    (all == found.len() && unique).then_some(found)
}

fn collect(schema: &Value, path: &mut Vec<String>, found: &mut Vec<Mirrored>) -> Option<()> {
    if path.len() > MAX_DEPTH {
        return Some(());
    }
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        path.push(name.clone());
        if let Some(header) = property.get("x-mcp-header") {
            let header = header.as_str().filter(|header| is_token(header))?;
            let scalar = matches!(property.get("type")?.as_str()?, "string" | "integer" | "boolean");
            if !scalar {
                return None;
            }
            found.push(Mirrored { header: header.to_ascii_lowercase(), path: path.clone() });
        }
        collect(property, path, found)?;
        path.pop();
    }
    Some(())
}

/// All annotations, wherever they stand. A property may itself be called `x-mcp-header`;
/// then its value is a schema and not a name.
fn count(schema: &Value, depth: usize) -> usize {
    if depth > 4 * MAX_DEPTH {
        return 0;
    }
    match schema {
        Value::Object(object) => {
            let own = usize::from(object.get("x-mcp-header").is_some_and(|name| !name.is_object()));
            own + object.values().map(|inner| count(inner, depth + 1)).sum::<usize>()
        }
        Value::Array(elements) => elements.iter().map(|inner| count(inner, depth + 1)).sum(),
        _ => 0,
    }
}

fn is_token(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.len() <= 64 && name.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn annotations_stand_on_scalars_reached_through_properties() {
        let schema = json!({"properties": {
            "region": {"type": "string", "x-mcp-header": "Region"},
            "where": {"type": "object", "properties": {"row": {"type": "integer", "x-mcp-header": "Row"}}},
        }});
        let found = mirrored(&schema).unwrap();
        let named: Vec<&str> = found.iter().map(|one| one.header.as_str()).collect();
        assert_eq!(named, ["region", "row"]);
        let arguments = json!({"region": "eu", "where": {"row": 7}});
        assert!(found[0].agrees(&arguments, Some("eu")) && found[1].agrees(&arguments, Some("007")));
        assert!(!found[0].agrees(&arguments, None) && !found[0].agrees(&arguments, Some("us")));
        assert!(found[0].agrees(&json!({"region": null}), None));
        for bad in [
            json!({"properties": {"a": {"type": "array", "x-mcp-header": "A"}}}),
            json!({"properties": {"a": {"type": "string", "x-mcp-header": "A b"}}}),
            json!({"properties": {"a": {"type": "string", "x-mcp-header": ""}}}),
            json!({"properties": {"a": {"type": "string", "x-mcp-header": "A"}, "b": {"type": "string", "x-mcp-header": "a"}}}),
            json!({"properties": {"a": {"type": "array", "items": {"type": "string", "x-mcp-header": "A"}}}}),
            json!({"anyOf": [{"properties": {"a": {"type": "string", "x-mcp-header": "A"}}}]}),
        ] {
            assert_eq!(mirrored(&bad), None, "{bad}");
        }
    }
}
