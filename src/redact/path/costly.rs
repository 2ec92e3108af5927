//! What a query in a rule may not ask for: work that an upstream could drive up.

use jsonpath_rust::parser::model::{
    Comparable, Comparison, Filter, FilterAtom, FnArg, Segment, Selector, SingularQuery, Test, TestFunction,
};

/// Why a segment is refused, if it is.
pub(super) fn costly_segment(segment: &Segment) -> Option<&'static str> {
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
