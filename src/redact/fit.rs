//! Whether a query can select anything at all in documents of a schema: a rule that cannot is
//! a mistake, and where it redacts, a leak.

use crate::redact::path::{Choice, Hop, Path, Trial};
use crate::redact::shape::Shape;

/// `..` is followed so deep; what lies deeper may be anything.
const MAX_DEPTH: usize = 24;

/// Whether a document that the schema allows can have what the query selects. Only where the
/// schema is closed (`additionalProperties: false`, or no object at all) can the answer be no.
pub(crate) fn fits(path: &Path, shape: &Shape) -> bool {
    fits_from(path.hops(), shape, 0)
}

fn fits_from(hops: &[Hop], shape: &Shape, depth: usize) -> bool {
    let Some((hop, rest)) = hops.split_first() else { return true };
    if depth > MAX_DEPTH {
        return true;
    }
    let here = hop.selectors.iter().any(|choice| chosen(choice, rest, shape, depth));
    here || hop.descend && any_child(shape, &|child| fits_from(hops, child, depth + 1))
}

fn chosen(choice: &Choice, rest: &[Hop], shape: &Shape, depth: usize) -> bool {
    let below = |child: &Shape| fits_from(rest, child, depth + 1);
    match choice {
        Choice::Name(name) => {
            let open = || shape.all_members().is_none();
            shape.may_be_object() && shape.member(name).map_or_else(open, |child| below(child))
        }
        Choice::Any | Choice::Tested(Trial::Filter(_)) => any_child(shape, &below),
        Choice::Tested(Trial::Index(_) | Trial::Slice { .. }) => any_element(shape, &below),
    }
}

fn any_child(shape: &Shape, test: &dyn Fn(&Shape) -> bool) -> bool {
    let member = || shape.all_members().is_none_or(|mut members| members.any(|child| test(child)));
    shape.may_be_object() && member() || any_element(shape, test)
}

fn any_element(shape: &Shape, test: &dyn Fn(&Shape) -> bool) -> bool {
    shape.may_be_array() && shape.element().is_none_or(|child| test(child))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_query_fits_unless_the_schema_rules_it_out() {
        let item = json!({"type": "object", "properties": {"id": {"type": "string"}, "free": {}}, "additionalProperties": false});
        let schema = json!({"type": "object", "properties": {"items": {"type": "array", "items": item}, "n": {"type": ["integer", "null"]},
            "next": {"$ref": "#"}}, "additionalProperties": false});
        let shape = Shape::compile(&schema);
        for (query, possible) in [
            ("$", true),
            ("$.items[*].id", true),
            ("$.items[0].free.x[3].y", true),
            ("$..id", true),
            ("$.next.next.items", true),
            ("$['items','nothing']", true),
            ("$.items[?@.id == 'a'].id", true),
            ("$.item", false),
            ("$.items.id", false),
            ("$.items[*].ssn", false),
            ("$.n.x", false),
            ("$.n[0]", false),
            ("$.items[*].id.x", false),
        ] {
            assert_eq!(fits(&Path::compile(query).unwrap(), &shape), possible, "{query}");
        }
        let open = Shape::compile(&json!({"type": "object", "properties": {"a": {"type": "string"}}}));
        assert!(fits(&Path::compile("$.b").unwrap(), &open));
        let choice = json!({"oneOf": [{"type": "object", "properties": {"a": {}}, "additionalProperties": false},
            {"type": "object", "properties": {"b": {}}, "additionalProperties": false}]});
        let choice = Shape::compile(&choice);
        assert!(
            fits(&Path::compile("$.b").unwrap(), &choice) && !fits(&Path::compile("$.c").unwrap(), &choice)
        );
    }
}
