//! JSONPath queries (RFC 9535) as automata that the walk steps through.
//!
//! A step to a member or element is decided by its name, or by a test of the child: an
//! index, a slice, a filter. Only a filter needs a tree, and only of that child, on which
//! jsonpath-rust answers it; only an index from the end needs to know how many there are.

mod costly;

use crate::redact::Blocked;
use costly::costly_segment;
use jsonpath_rust::parser::model::{JpQuery, Segment, Selector};
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::Value;
use std::sync::Arc;

/// One query, compiled.
#[derive(Clone, Debug)]
pub struct Path {
    text: String,
    hops: Arc<[Hop]>,
}

/// One segment of a query.
#[derive(Debug)]
pub(crate) struct Hop {
    /// `..`: the selectors apply at any depth below.
    pub(crate) descend: bool,
    pub(crate) selectors: Vec<Choice>,
}

#[derive(Debug)]
pub(crate) enum Choice {
    Name(String),
    Any,
    Tested(Trial),
}

/// What a child must pass to be selected, its name aside.
#[derive(Debug)]
pub(crate) enum Trial {
    Index(i64),
    Slice {
        start: Option<i64>,
        end: Option<i64>,
        step: i64,
    },
    /// As a query of its own, for an array that holds the child alone.
    Filter(Box<JpQuery>),
}

/// The parser takes twice as long for each function within another.
const DEEPEST: usize = 12;

/// How many brackets are open at once, those in names with them.
fn depth(query: &str) -> usize {
    let (mut open, mut deepest) = (0_usize, 0);
    for byte in query.bytes() {
        match byte {
            b'[' | b'(' => open += 1,
            b']' | b')' => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    deepest
}

impl Path {
    /// Parses and compiles a query.
    ///
    /// # Errors
    /// A sentence for the author of the rule. Queries whose cost an upstream could
    /// drive up are refused: `match`, `search`, and `$` or `..` within a filter.
    pub fn compile(text: &str) -> Result<Self, String> {
        if depth(text) > DEEPEST {
            return Err(format!("`{text}` has more than {DEEPEST} brackets within each other"));
        }
        let query =
            parse_json_path(text).map_err(|_| format!("`{text}` is not a JSONPath query (RFC 9535)"))?;
        if let Some(why) = query.segments.iter().find_map(costly_segment) {
            return Err(format!("`{text}`: {why}"));
        }
        let hops = query.segments.into_iter().map(hop).collect::<Option<Vec<_>>>();
        let hops = hops.ok_or_else(|| format!("`{text}` has a name that is no JSON string"))?;
        Ok(Self { text: text.to_owned(), hops: hops.into() })
    }

    /// The whole document: `$`.
    pub fn root() -> Self {
        Self { text: "$".into(), hops: Arc::new([]) }
    }

    /// The query as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The values that the query selects; None if it fails on this document.
    pub(crate) fn select<'v>(&self, value: &'v Value) -> Option<Vec<&'v Value>> {
        jsonpath_rust::query::js_path_vals(&self.text, value).ok()
    }

    pub(crate) fn hops(&self) -> &Arc<[Hop]> {
        &self.hops
    }

    pub(crate) fn selects_root(&self) -> bool {
        self.hops.is_empty()
    }
}

impl Trial {
    pub(crate) fn needs_value(&self) -> bool {
        matches!(self, Self::Filter(_))
    }

    /// Whether it counts from the end of the array.
    pub(crate) fn needs_length(&self) -> bool {
        match self {
            Self::Index(index) => *index < 0,
            Self::Slice { start, end, step } => {
                *step < 0 || [start, end].into_iter().flatten().any(|bound| *bound < 0)
            }
            Self::Filter(_) => false,
        }
    }

    /// Whether the element at `index` of `length` is selected. No filter is.
    pub(crate) fn takes(&self, index: usize, length: usize) -> bool {
        let Ok(at) = i64::try_from(index) else { return false };
        let length = i64::try_from(length).unwrap_or(i64::MAX);
        match self {
            Self::Index(index) if *index < 0 => index.checked_add(length) == Some(at),
            Self::Index(index) => *index == at,
            Self::Slice { start, end, step } => in_slice(at, length, *start, *end, *step),
            Self::Filter(_) => false,
        }
    }

    /// Whether a filter takes this child; the child comes alone in an array.
    pub(crate) fn admits(&self, alone: &Value) -> Result<bool, Blocked> {
        let Self::Filter(query) = self else { return Ok(false) };
        js_path_process(query, alone).map(|found| !found.is_empty()).map_err(|_| Blocked::Query)
    }
}

/// RFC 9535 §2.3.4.2.2.
fn in_slice(at: i64, length: i64, start: Option<i64>, end: Option<i64>, step: i64) -> bool {
    let from_front = |bound: i64| if bound >= 0 { bound } else { length.saturating_add(bound) };
    if step > 0 {
        let lower = start.map_or(0, from_front).clamp(0, length);
        let upper = end.map_or(length, from_front).clamp(0, length);
        at >= lower && at < upper && (at - lower) % step == 0
    } else {
        let upper = start.map_or(length - 1, from_front).clamp(-1, length - 1);
        let lower = end.map_or(-1, from_front).clamp(-1, length - 1);
        step != 0 && at > lower && at <= upper && (upper - at) % step == 0
    }
}

/// A segment as a hop. None for a name whose escapes are not those of JSON.
fn hop(segment: Segment) -> Option<Hop> {
    let (descend, inner) = match segment {
        Segment::Descendant(inner) => (true, *inner),
        plain @ (Segment::Selector(_) | Segment::Selectors(_)) => (false, plain),
    };
    let selectors = match inner {
        Segment::Selector(selector) => vec![choice(selector)?],
        Segment::Selectors(selectors) => selectors.into_iter().map(choice).collect::<Option<_>>()?,
        Segment::Descendant(_) => return None,
    };
    Some(Hop { descend, selectors })
}

fn choice(selector: Selector) -> Option<Choice> {
    Some(match selector {
        Selector::Name(name) => Choice::Name(unquote(&name)?),
        Selector::Wildcard => Choice::Any,
        Selector::Index(index) => Choice::Tested(Trial::Index(index)),
        Selector::Slice(start, end, step) => {
            Choice::Tested(Trial::Slice { start, end, step: step.unwrap_or(1) })
        }
        filter @ Selector::Filter(_) => {
            let segments = vec![Segment::Selector(filter)];
            Choice::Tested(Trial::Filter(Box::new(JpQuery { segments })))
        }
    })
}

/// The parser keeps a bracketed name with its quotes and escapes.
fn unquote(name: &str) -> Option<String> {
    let inner = |quote: char| name.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    match (inner('"'), inner('\'')) {
        (Some(_), _) => serde_json::from_str(name).ok(),
        (None, Some(single)) => {
            // As a double-quoted string: \' becomes ', a bare " becomes \".
            let double = single.replace("\\'", "'").replace('"', "\\\"");
            serde_json::from_str(&format!("\"{double}\"")).ok()
        }
        (None, None) => Some(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_of_many_brackets_within_each_other_are_refused() {
        let nested = |count: usize| {
            let filter = format!("{}@.a{}", "[?length(".repeat(count), ")]".repeat(count));
            Path::compile(&format!("${filter}")).map_err(|why| why.contains("brackets within"))
        };
        assert!(nested(1).err() != Some(true));
        assert_eq!(nested(7).err(), Some(true));
        assert_eq!(nested(2_000).err(), Some(true));
        assert!(
            Path::compile("$.a[0].b[1]['c'][?@.d > 1][?@.e == 'x'].f[0].g[1].h[2].i[3].j[4].k[5]").is_ok()
        );
    }
}
