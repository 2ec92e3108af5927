//! A pattern as it reads on ASCII text, which most text is. Classes such as `\pL` have
//! thousands of states in UTF-8 and a handful here, so that what searching keeps at hand
//! stays in the processor's caches.

use crate::redact::detect::alone::{self, alone};
use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Capture, Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Repetition};

/// What the lazy DFA may hold.
const MAX_CACHE_BYTES: usize = 1 << 24;

/// The pattern that matches in ASCII text what `pattern` does. None if it does not compile:
/// then the pattern itself has to serve.
pub(crate) fn pattern(pattern: &Hir) -> Option<Regex> {
    build(&narrow(pattern).to_string())
}

/// One pattern for all of these, for whether any matches a value that stands alone.
pub(crate) fn any<'h>(patterns: impl Iterator<Item = &'h Hir>) -> Option<Regex> {
    let patterns: Vec<Hir> = patterns.map(|pattern| without_groups(&alone(&narrow(pattern)))).collect();
    build(&Hir::alternation(patterns).to_string())
}

/// Whether all that a pattern matches in ASCII text begins or ends with a digit.
pub(crate) fn is_edged(pattern: &Hir) -> bool {
    alone::is_edged(&narrow(pattern))
}

fn build(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(pattern).size_limit(1 << 26).dfa_size_limit(MAX_CACHE_BYTES).build().ok()
}

fn narrow(hir: &Hir) -> Hir {
    rewrite(hir, &|class| {
        let ascii = ClassUnicode::new([ClassUnicodeRange::new('\0', '\u{7f}')]);
        match class {
            Class::Unicode(class) => {
                let mut class = class.clone();
                class.intersect(&ascii);
                Class::Unicode(class)
            }
            Class::Bytes(_) => class.clone(),
        }
    })
}

fn rewrite(hir: &Hir, class: &impl Fn(&Class) -> Class) -> Hir {
    match hir.kind() {
        HirKind::Empty => Hir::empty(),
        HirKind::Look(look) => Hir::look(*look),
        HirKind::Literal(literal) => Hir::literal(literal.0.clone()),
        HirKind::Class(found) => Hir::class(class(found)),
        HirKind::Repetition(repetition) => {
            let sub = Box::new(rewrite(&repetition.sub, class));
            let Repetition { min, max, greedy, .. } = *repetition;
            Hir::repetition(Repetition { min, max, greedy, sub })
        }
        HirKind::Capture(capture) => {
            let sub = Box::new(rewrite(&capture.sub, class));
            Hir::capture(Capture { index: capture.index, name: capture.name.clone(), sub })
        }
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(|part| rewrite(part, class)).collect()),
        HirKind::Alternation(parts) => {
            Hir::alternation(parts.iter().map(|part| rewrite(part, class)).collect())
        }
    }
}

/// A group's name may be given once in a pattern, and what matches is not asked here.
fn without_groups(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Capture(capture) => without_groups(&capture.sub),
        HirKind::Repetition(repetition) => {
            let sub = Box::new(without_groups(&repetition.sub));
            let Repetition { min, max, greedy, .. } = *repetition;
            Hir::repetition(Repetition { min, max, greedy, sub })
        }
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(without_groups).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(without_groups).collect()),
        HirKind::Empty | HirKind::Look(_) | HirKind::Literal(_) | HirKind::Class(_) => hir.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_text_is_matched_alike() {
        let patterns = [
            r"(?i)\bmr(?P<value>\pL+)\s+[^x]{2,3}?",
            r"(?:\p{Lu}\p{Ll}+[ -]?)+,?",
            r"(?-u:\b)[0-9]{3}[-\x20]?[0-9]{2}",
            r"[é-ü]+|a{2,}|\bk\b",
        ];
        let texts =
            ["MR Smith  ab", "mrJones yyy", "Anna-Lena Maria, x", "a123-45 b", "aaa", "K k", "", "536 90"];
        for source in patterns {
            let whole = Regex::new(source).unwrap();
            let narrow = pattern(&regex_syntax::parse(source).unwrap()).unwrap();
            for text in texts {
                let groups = |regex: &Regex| {
                    let found = regex.captures(text)?;
                    Some((found.get(0)?.range(), found.name("value").map(|value| value.range())))
                };
                assert_eq!(groups(&narrow), groups(&whole), "{source} on {text}");
            }
        }
        let all: Vec<Hir> = patterns.iter().map(|source| regex_syntax::parse(source).unwrap()).collect();
        let any = any(all.iter()).unwrap();
        for text in texts {
            let each = patterns.iter().any(|source| Regex::new(source).unwrap().is_match(text));
            assert_eq!(any.is_match(text), each, "{text}");
        }
    }
}
