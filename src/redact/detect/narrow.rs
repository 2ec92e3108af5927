//! A pattern as it reads on ASCII text, which most text is. Classes such as `\pL` have
//! thousands of states in UTF-8 and a handful here, so that what searching keeps at hand
//! stays in the processor's caches.

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Capture, Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Repetition};

/// What the lazy DFA may hold.
pub(super) const MAX_CACHE_BYTES: usize = 1 << 24;

/// The pattern that matches in ASCII text what `pattern` does. None if it does not compile:
/// then the pattern itself has to serve.
pub(crate) fn pattern(pattern: &Hir) -> Option<Regex> {
    build(&narrow(pattern))
}

fn build(pattern: &Hir) -> Option<Regex> {
    RegexBuilder::new(&apart(pattern).to_string())
        .size_limit(1 << 26)
        .dfa_size_limit(MAX_CACHE_BYTES)
        .build()
        .ok()
}

/// The pattern with a group about what is repeated twice: printed, `(?:[0-9]{3})?` would be
/// `[0-9]{3}?`, which is something else.
pub(super) fn apart(hir: &Hir) -> Hir {
    let repeated = |repetition: &Repetition| match repetition.sub.kind() {
        HirKind::Repetition(_) => {
            Hir::capture(Capture { index: 1, name: None, sub: Box::new(apart(&repetition.sub)) })
        }
        _ => apart(&repetition.sub),
    };
    match hir.kind() {
        HirKind::Repetition(repetition) => {
            let Repetition { min, max, greedy, .. } = *repetition;
            Hir::repetition(Repetition { min, max, greedy, sub: Box::new(repeated(repetition)) })
        }
        HirKind::Capture(Capture { index, name, sub }) => {
            Hir::capture(Capture { index: *index, name: name.clone(), sub: Box::new(apart(sub)) })
        }
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(apart).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(apart).collect()),
        HirKind::Empty | HirKind::Look(_) | HirKind::Literal(_) | HirKind::Class(_) => hir.clone(),
    }
}

fn narrow(hir: &Hir) -> Hir {
    let ascii = |class: &Class| match class {
        Class::Unicode(class) => Class::Unicode(in_ascii(class)),
        Class::Bytes(_) => class.clone(),
    };
    rewrite(hir, &ascii, &<[u8]>::to_vec)
}

/// What of a class is ASCII.
pub(super) fn in_ascii(class: &ClassUnicode) -> ClassUnicode {
    let ranges = class.iter().take_while(|range| range.start().is_ascii());
    ClassUnicode::new(ranges.map(|range| ClassUnicodeRange::new(range.start(), range.end().min('\u{7f}'))))
}

/// The pattern with other classes and literals in it.
pub(super) fn rewrite(
    hir: &Hir,
    class: &impl Fn(&Class) -> Class,
    literal: &impl Fn(&[u8]) -> Vec<u8>,
) -> Hir {
    match hir.kind() {
        HirKind::Empty => Hir::empty(),
        HirKind::Look(look) => Hir::look(*look),
        HirKind::Literal(found) => Hir::literal(literal(&found.0)),
        HirKind::Class(found) => Hir::class(class(found)),
        HirKind::Repetition(repetition) => {
            let sub = Box::new(rewrite(&repetition.sub, class, literal));
            let Repetition { min, max, greedy, .. } = *repetition;
            Hir::repetition(Repetition { min, max, greedy, sub })
        }
        HirKind::Capture(capture) => {
            let sub = Box::new(rewrite(&capture.sub, class, literal));
            Hir::capture(Capture { index: capture.index, name: capture.name.clone(), sub })
        }
        HirKind::Concat(parts) => {
            Hir::concat(parts.iter().map(|part| rewrite(part, class, literal)).collect())
        }
        HirKind::Alternation(parts) => {
            Hir::alternation(parts.iter().map(|part| rewrite(part, class, literal)).collect())
        }
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
            r"x(?:[0-9]{3})?y|(?:(?:z{2}){2})+?w",
        ];
        let texts = [
            "MR Smith  ab",
            "mrJones yyy",
            "Anna-Lena Maria, x",
            "a123-45 b",
            "aaa",
            "K k",
            "",
            "536 90",
            "xy",
            "zzzzzzzzw",
        ];
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
    }
}
