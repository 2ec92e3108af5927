//! JSONPath queries (RFC 9535) as an automaton that the walk steps through.
//!
//! Queries of names, indices, wildcards and descendants are matched while the
//! document is read. A query with a filter, a slice or an index from the end needs
//! to look ahead: jsonpath-rust answers it on a tree, and the locations it selects
//! join the automaton as literal paths.

use crate::redact::Blocked;
use jsonpath_rust::parser::model::{
    Comparable, Comparison, Filter, FilterAtom, FnArg, JpQuery, Segment, Selector, SingularQuery, Test,
    TestFunction,
};
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::Value;
use std::ops::Range;

/// One query, compiled.
#[derive(Clone, Debug)]
pub struct Path {
    text: String,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Streaming(Vec<Hop>),
    Tree(Box<JpQuery>),
}

#[derive(Clone, Debug)]
struct Hop {
    /// `..`: the selectors apply at any depth below.
    descend: bool,
    selectors: Vec<Choice>,
}

#[derive(Clone, Debug)]
enum Choice {
    Name(String),
    Index(usize),
    Any,
}

/// One step from a container to a member or element.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step<'n> {
    Member(&'n str),
    Element(usize),
}

impl Path {
    /// Parses and compiles a query.
    ///
    /// # Errors
    /// A sentence for the author of the rule. Queries whose cost an upstream could
    /// drive up are refused: `match`, `search`, and `$` or `..` within a filter.
    pub fn compile(text: &str) -> Result<Self, String> {
        let query =
            parse_json_path(text).map_err(|_| format!("`{text}` is not a JSONPath query (RFC 9535)"))?;
        if let Some(why) = query.segments.iter().find_map(costly_segment) {
            return Err(format!("`{text}`: {why}"));
        }
        let hops = query.segments.iter().map(hop).collect::<Option<Vec<_>>>();
        let form = hops.map_or_else(|| Form::Tree(Box::new(query)), Form::Streaming);
        Ok(Self { text: text.to_owned(), form })
    }

    /// The whole document: `$`.
    pub fn root() -> Self {
        Self { text: "$".into(), form: Form::Streaming(Vec::new()) }
    }

    /// The query as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the query must see the document as a tree first.
    pub fn needs_tree(&self) -> bool {
        matches!(self.form, Form::Tree(_))
    }

    pub(crate) fn selects_root(&self) -> bool {
        matches!(&self.form, Form::Streaming(hops) if hops.is_empty())
    }

    /// The locations that a tree query selects in `document`, as streaming paths.
    pub(crate) fn locate(&self, document: &Value) -> Result<Vec<Path>, Blocked> {
        let Form::Tree(query) = &self.form else { return Ok(vec![self.clone()]) };
        let found = js_path_process(query, document).map_err(|_| Blocked::Query)?;
        found.into_iter().map(|node| Path::compile(&node.path).map_err(|_| Blocked::Query)).collect()
    }
}

/// All queries of a plan, each with what it stands for.
#[derive(Clone, Debug)]
pub(crate) struct Automaton<T> {
    queries: Vec<(Vec<Hop>, T)>,
}

impl<T: Copy> Automaton<T> {
    pub(crate) fn new(paths: impl IntoIterator<Item = (Path, T)>) -> Self {
        let streaming = paths.into_iter().filter_map(|(path, tag)| match path.form {
            Form::Streaming(hops) => Some((hops, tag)),
            Form::Tree(_) => None,
        });
        Self { queries: streaming.collect() }
    }

    pub(crate) fn extend(&mut self, paths: impl IntoIterator<Item = (Path, T)>) {
        self.queries.extend(Self::new(paths).queries);
    }
}

/// Where in its query each live state stands; one stack for the whole walk, so
/// that stepping allocates nothing.
pub(crate) struct Front<'q, T> {
    automaton: &'q Automaton<T>,
    states: Vec<(usize, usize)>,
}

impl<'q, T: Copy> Front<'q, T> {
    pub(crate) fn new(automaton: &'q Automaton<T>) -> Self {
        let states = (0..automaton.queries.len()).map(|query| (query, 0)).collect();
        Self { automaton, states }
    }

    pub(crate) fn root(&self) -> Range<usize> {
        0..self.states.len()
    }

    /// The states after `step` from a node whose states are `parent`. They stay
    /// valid until [`Front::leave`] with the same range.
    pub(crate) fn enter(&mut self, parent: Range<usize>, step: Step<'_>) -> Range<usize> {
        let start = self.states.len();
        for at in parent {
            let Some(&(query, position)) = self.states.get(at) else { continue };
            let Some(hop) = self.automaton.queries.get(query).and_then(|(hops, _)| hops.get(position)) else {
                continue;
            };
            if hop.descend {
                self.add(start, (query, position));
            }
            if hop.selectors.iter().any(|choice| choice.selects(step)) {
                self.add(start, (query, position + 1));
            }
        }
        start..self.states.len()
    }

    pub(crate) fn leave(&mut self, entered: Range<usize>) {
        self.states.truncate(entered.start);
    }

    /// What the queries that select the node of these states stand for.
    pub(crate) fn accepted(&self, states: Range<usize>) -> impl Iterator<Item = T> + '_ {
        let live = self.states.get(states).unwrap_or_default();
        live.iter().filter_map(|&(query, position)| {
            let (hops, tag) = self.automaton.queries.get(query)?;
            (hops.len() == position).then_some(*tag)
        })
    }

    fn add(&mut self, start: usize, state: (usize, usize)) {
        let fresh = self.states.get(start..).is_none_or(|entered| !entered.contains(&state));
        if fresh {
            self.states.push(state);
        }
    }
}

impl Choice {
    fn selects(&self, step: Step<'_>) -> bool {
        match (self, step) {
            (Self::Any, _) => true,
            (Self::Name(name), Step::Member(member)) => name == member,
            (Self::Index(index), Step::Element(element)) => *index == element,
            (Self::Name(_), Step::Element(_)) | (Self::Index(_), Step::Member(_)) => false,
        }
    }
}

/// A segment as a hop, unless it needs a tree.
fn hop(segment: &Segment) -> Option<Hop> {
    let (descend, inner) = match segment {
        Segment::Descendant(inner) => (true, inner.as_ref()),
        Segment::Selector(_) | Segment::Selectors(_) => (false, segment),
    };
    let selectors = match inner {
        Segment::Selector(selector) => vec![choice(selector)?],
        Segment::Selectors(selectors) => selectors.iter().map(choice).collect::<Option<_>>()?,
        Segment::Descendant(_) => return None,
    };
    Some(Hop { descend, selectors })
}

fn choice(selector: &Selector) -> Option<Choice> {
    match selector {
        Selector::Name(name) => Some(Choice::Name(unquote(name)?)),
        Selector::Wildcard => Some(Choice::Any),
        Selector::Index(index) => usize::try_from(*index).ok().map(Choice::Index),
        Selector::Slice(..) | Selector::Filter(_) => None,
    }
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

// -- what a rule may not ask for ------------------------------------------------

fn costly_segment(segment: &Segment) -> Option<&'static str> {
    match segment {
        Segment::Descendant(inner) => costly_segment(inner),
        Segment::Selector(selector) => costly_selector(selector),
        Segment::Selectors(selectors) => selectors.iter().find_map(costly_selector),
    }
}

fn costly_selector(selector: &Selector) -> Option<&'static str> {
    match selector {
        Selector::Filter(filter) => costly_filter(filter),
        Selector::Name(_) | Selector::Wildcard | Selector::Index(_) | Selector::Slice(..) => None,
    }
}

fn costly_filter(filter: &Filter) -> Option<&'static str> {
    match filter {
        Filter::Or(parts) | Filter::And(parts) => parts.iter().find_map(costly_filter),
        Filter::Atom(FilterAtom::Filter { expr, .. }) => costly_filter(expr),
        Filter::Atom(FilterAtom::Test { expr, .. }) => costly_test(expr),
        Filter::Atom(FilterAtom::Comparison(comparison)) => costly_comparison(comparison),
    }
}

fn costly_comparison(comparison: &Comparison) -> Option<&'static str> {
    let (left, right) = comparison.vals();
    [left, right].into_iter().find_map(|side| match side {
        Comparable::Function(function) => costly_function(function),
        Comparable::SingularQuery(SingularQuery::Root(_)) => Some("`$` is not allowed inside a filter"),
        Comparable::SingularQuery(SingularQuery::Current(_)) | Comparable::Literal(_) => None,
    })
}

fn costly_test(test: &Test) -> Option<&'static str> {
    match test {
        Test::AbsQuery(_) => Some("`$` is not allowed inside a filter"),
        Test::RelQuery(segments) => costly_relative(segments),
        Test::Function(function) => costly_function(function),
    }
}

fn costly_relative(segments: &[Segment]) -> Option<&'static str> {
    let nested = segments.iter().any(|segment| matches!(segment, Segment::Descendant(_)));
    if nested {
        Some("`..` is not allowed inside a filter")
    } else {
        segments.iter().find_map(costly_segment)
    }
}

fn costly_function(function: &TestFunction) -> Option<&'static str> {
    match function {
        TestFunction::Search(..) | TestFunction::Match(..) | TestFunction::Custom(..) => {
            Some("`match` and `search` are not allowed: compare with `==`, or write a detector")
        }
        TestFunction::Length(argument) => costly_argument(argument),
        TestFunction::Value(argument) | TestFunction::Count(argument) => costly_argument(argument),
    }
}

fn costly_argument(argument: &FnArg) -> Option<&'static str> {
    match argument {
        FnArg::Literal(_) => None,
        FnArg::Test(test) => costly_test(test),
        FnArg::Filter(filter) => costly_filter(filter),
    }
}
