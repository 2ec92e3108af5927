//! The part of a tool's `outputSchema` that redaction must keep: types and
//! required members.
//!
//! Clients validate `structuredContent` against the schema they were shown; the
//! official SDKs raise on a missing required member or a value of another type. So
//! what a client may not see is replaced by a value of its own type where the
//! schema demands one, and the schema shown is loosened just as far
//! ([`loosen`]): a mask cannot satisfy a `pattern` or an `enum`.

use serde_json::{Map, Value, json};
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

/// Nesting followed in a schema; a recursive `$ref` ends here as "anything".
const MAX_DEPTH: usize = 16;
/// Parts of a schema that are read; a schema that refers to itself twice has many.
const MOST_PARTS: usize = 20_000;

/// What a schema demands of one value.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    types: Vec<Type>,
    members: HashMap<String, Arc<Shape>>,
    required: Vec<String>,
    elements: Option<Arc<Shape>>,
    others: Option<Arc<Shape>>,
    /// Whether an object may have no member but those named.
    closed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

impl Shape {
    pub fn compile(schema: &Value) -> Self {
        compile(schema, &Source { root: schema, parts: Cell::new(0) }, 0)
    }

    pub(crate) fn member(&self, name: &str) -> Option<&Arc<Shape>> {
        self.members.get(name).or(self.others.as_ref())
    }

    pub(crate) fn element(&self) -> Option<&Arc<Shape>> {
        self.elements.as_ref()
    }

    /// The shapes of all members that the schema tells of; None if there may be others.
    pub(crate) fn all_members(&self) -> Option<impl Iterator<Item = &Arc<Shape>>> {
        self.closed.then(|| self.members.values().chain(&self.others))
    }

    pub(crate) fn may_be_object(&self) -> bool {
        self.types.is_empty() || self.types.contains(&Type::Object)
    }

    pub(crate) fn may_be_array(&self) -> bool {
        self.types.is_empty() || self.types.contains(&Type::Array)
    }

    pub(crate) fn requires(&self, name: &str) -> bool {
        self.required.iter().any(|required| required == name)
    }

    /// Whether a string may stand here: always, unless the schema says otherwise.
    pub(crate) fn allows_string(&self) -> bool {
        self.types.is_empty() || self.types.contains(&Type::String)
    }

    pub(crate) fn allows_number(&self) -> bool {
        self.types.is_empty() || self.types.contains(&Type::Number)
    }

    pub(crate) fn allows_null(&self) -> bool {
        self.types.is_empty() || self.types.contains(&Type::Null)
    }

    /// A value that satisfies the shape and says nothing.
    pub fn mask(&self) -> Value {
        let rank = [Type::Null, Type::String, Type::Number, Type::Boolean, Type::Array, Type::Object];
        let kind = rank.into_iter().find(|kind| self.types.contains(kind));
        match kind {
            Some(Type::Null) => Value::Null,
            Some(Type::Number) => json!(0),
            Some(Type::Boolean) => json!(false),
            Some(Type::Array) => json!([]),
            Some(Type::Object) => {
                Value::Object(self.required.iter().map(|name| (name.clone(), self.masked(name))).collect())
            }
            Some(Type::String) | None => json!(super::REDACTED),
        }
    }

    fn masked(&self, name: &str) -> Value {
        self.member(name).map_or_else(|| json!(super::REDACTED), |shape| shape.mask())
    }
}

/// The whole schema, and how many of its parts were read.
struct Source<'s> {
    root: &'s Value,
    parts: Cell<usize>,
}

fn compile(schema: &Value, source: &Source<'_>, depth: usize) -> Shape {
    let Some(object) = schema.as_object() else { return Shape::default() };
    source.parts.set(source.parts.get() + 1);
    if depth > MAX_DEPTH || source.parts.get() > MOST_PARTS {
        return Shape::default();
    }
    let mut shape = own(object, source, depth);
    if let Some(target) =
        object.get("$ref").and_then(Value::as_str).and_then(|reference| resolve(source.root, reference))
    {
        shape.absorb(compile(target, source, depth + 1));
    }
    for part in list(object, "allOf") {
        shape.absorb(compile(part, source, depth + 1));
    }
    for keyword in ["anyOf", "oneOf"] {
        let choices: Vec<Shape> =
            list(object, keyword).map(|part| compile(part, source, depth + 1)).collect();
        shape.absorb_choice(choices);
    }
    shape
}

/// What the schema object says itself, leaving references and combinations aside.
fn own(object: &Map<String, Value>, source: &Source<'_>, depth: usize) -> Shape {
    let members = object.get("properties").and_then(Value::as_object).into_iter().flatten();
    let below = |schema: &Value| Arc::new(compile(schema, source, depth + 1));
    Shape {
        types: types(object),
        members: members.map(|(name, schema)| (name.clone(), below(schema))).collect(),
        required: list(object, "required").filter_map(Value::as_str).map(str::to_owned).collect(),
        elements: object.get("items").filter(|items| items.is_object()).map(below),
        others: object.get("additionalProperties").filter(|others| others.is_object()).map(below),
        closed: object.get("additionalProperties") == Some(&Value::Bool(false))
            && !object.contains_key("patternProperties"),
    }
}

impl Shape {
    /// Both shapes hold (`allOf`, `$ref` beside other keywords).
    fn absorb(&mut self, other: Shape) {
        if self.types.is_empty() {
            self.types = other.types;
        }
        self.members.extend(other.members);
        self.required.extend(other.required);
        self.elements = self.elements.take().or(other.elements);
        self.others = self.others.take().or(other.others);
        self.closed |= other.closed;
    }

    /// One of the shapes holds: any of their types, and of the demands on objects
    /// all of them, since it is not known which one the upstream chose.
    fn absorb_choice(&mut self, choices: Vec<Shape>) {
        let open = choices.iter().any(|choice| choice.types.is_empty());
        let types: Vec<Type> = choices.iter().flat_map(|choice| choice.types.clone()).collect();
        if self.types.is_empty() && !open {
            self.types = types;
        }
        self.closed |= !choices.is_empty() && choices.iter().all(|choice| choice.closed);
        for choice in choices {
            self.members.extend(choice.members);
            self.required.extend(choice.required);
            self.elements = self.elements.take().or(choice.elements);
            self.others = self.others.take().or(choice.others);
        }
    }
}

fn types(object: &Map<String, Value>) -> Vec<Type> {
    let named = |name: &str| match name {
        "null" => Some(Type::Null),
        "boolean" => Some(Type::Boolean),
        "number" | "integer" => Some(Type::Number),
        "string" => Some(Type::String),
        "array" => Some(Type::Array),
        "object" => Some(Type::Object),
        _ => None,
    };
    match object.get("type") {
        Some(Value::String(name)) => named(name).into_iter().collect(),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).filter_map(named).collect(),
        _ if object.contains_key("properties") => vec![Type::Object],
        _ => Vec::new(),
    }
}

fn resolve<'s>(root: &'s Value, reference: &str) -> Option<&'s Value> {
    root.pointer(reference.strip_prefix('#')?)
}

fn list<'s>(object: &'s Map<String, Value>, keyword: &str) -> impl Iterator<Item = &'s Value> {
    object.get(keyword).and_then(Value::as_array).into_iter().flatten()
}

/// The schema as a client may rely on it after redaction: the same members and
/// types, without the keywords a mask or a shortened array could violate.
pub fn loosen(schema: &Value) -> Value {
    match schema {
        Value::Object(object) => Value::Object(loosen_object(object)),
        Value::Array(parts) => Value::Array(parts.iter().map(loosen).collect()),
        other => other.clone(),
    }
}

fn loosen_object(object: &Map<String, Value>) -> Map<String, Value> {
    const BROKEN_BY_A_MASK: [&str; 22] = [
        "enum",
        "const",
        "pattern",
        "format",
        "minLength",
        "maxLength",
        "contentEncoding",
        "contentMediaType",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minItems",
        "uniqueItems",
        "contains",
        "minContains",
        "maxContains",
        "minProperties",
        "propertyNames",
        "examples",
        "default",
    ];
    let mut loose = Map::new();
    for (keyword, value) in object {
        match keyword.as_str() {
            name if BROKEN_BY_A_MASK.contains(&name) => {}
            // A mask may satisfy several alternatives at once.
            "oneOf" => {
                loose.insert("anyOf".into(), loosen(value));
            }
            // Under these the keys are member names, not keywords.
            "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas" => {
                let members = value.as_object().into_iter().flatten();
                let members = members.map(|(name, schema)| (name.clone(), loosen(schema))).collect();
                loose.insert(keyword.clone(), Value::Object(members));
            }
            "required" | "type" | "$ref" | "title" | "description" | "$schema" | "$id" => {
                loose.insert(keyword.clone(), value.clone());
            }
            _ => {
                loose.insert(keyword.clone(), loosen(value));
            }
        }
    }
    loose
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_has_the_type_the_schema_wants() {
        let schema = json!({
            "type": "object", "required": ["id", "age", "ok", "tags", "home"],
            "properties": {
                "id": {"type": "string", "pattern": "^p[0-9]+$"}, "age": {"type": "integer"},
                "ok": {"type": "boolean"}, "tags": {"type": "array", "items": {"type": "string"}},
                "home": {"$ref": "#/$defs/Address"}, "note": {"type": "string"}
            },
            "$defs": {"Address": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}}}
        });
        let mask = Shape::compile(&schema).mask();
        assert_eq!(
            mask,
            json!({"id": "[REDACTED]", "age": 0, "ok": false, "tags": [], "home": {"city": "[REDACTED]"}})
        );
        let loose = loosen(&schema);
        assert!(jsonschema::validator_for(&loose).unwrap().is_valid(&mask));
        assert!(!jsonschema::validator_for(&schema).unwrap().is_valid(&mask));
    }

    #[test]
    fn optional_types_mask_to_null_and_recursion_ends() {
        let schema = json!({"anyOf": [{"type": "string"}, {"type": "null"}]});
        assert_eq!(Shape::compile(&schema).mask(), Value::Null);
        let tree = json!({"type": "object", "properties": {"next": {"$ref": "#"}}, "required": ["next"]});
        assert!(Shape::compile(&tree).mask().is_object());
        let twins: Map<String, Value> = (0..9).map(|n| (n.to_string(), json!({"$ref": "#"}))).collect();
        assert!(Shape::compile(&json!({"properties": twins})).mask().is_object());
    }

    #[test]
    fn a_member_called_like_a_keyword_keeps_its_schema() {
        let schema = json!({"properties": {"pattern": {"type": "string", "pattern": "x"}}});
        assert_eq!(loosen(&schema), json!({"properties": {"pattern": {"type": "string"}}}));
    }
}
