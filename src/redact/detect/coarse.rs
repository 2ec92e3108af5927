//! A pattern with less in it, which matches wherever the pattern does: what tells that a text
//! is of no concern need not tell more, and has the fewer states.

use crate::redact::class::Class;
use crate::redact::detect::alone::End;
use crate::redact::detect::need;
use regex_syntax::hir::{self, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Look, Repetition};

/// The pattern without what may be left out at either end: it matches in the same texts, and
/// what goes on to match is not asked on.
pub(super) fn least(hir: &Hir) -> Hir {
    trimmed(&trimmed(hir, End::First), End::Last)
}

fn trimmed(hir: &Hir, end: End) -> Hir {
    match hir.kind() {
        HirKind::Repetition(repetition) => {
            let Repetition { min, greedy, ref sub, .. } = *repetition;
            match min {
                1 => trimmed(sub, end),
                _ => Hir::repetition(Repetition { min, max: Some(min), greedy, sub: sub.clone() }),
            }
        }
        HirKind::Concat(parts) => {
            let mut parts = parts.clone();
            loop {
                let place = match end {
                    End::First => 0,
                    End::Last => parts.len().saturating_sub(1),
                };
                let Some(part) = parts.get_mut(place) else { break };
                *part = trimmed(part, end);
                if !matches!(part.kind(), HirKind::Empty) {
                    break;
                }
                parts.remove(place);
            }
            Hir::concat(parts)
        }
        HirKind::Alternation(parts) => {
            Hir::alternation(parts.iter().map(|part| trimmed(part, end)).collect())
        }
        HirKind::Capture(capture) => trimmed(&capture.sub, end),
        HirKind::Empty | HirKind::Look(_) | HirKind::Literal(_) | HirKind::Class(_) => hir.clone(),
    }
}

/// What text is made of.
const TEXT: Class = Class::LOWER.join(Class::UPPER).join(Class::SPACE);

/// The pattern without the upper bounds of repetitions that text of letters may be read with:
/// each place that such a count has come to is a state, and for many patterns at once a
/// multiple of states.
pub(super) fn coarse(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Repetition(repetition) => {
            let Repetition { min, max, greedy, .. } = *repetition;
            let counts = max.is_some_and(|max| max > 1 && max > min);
            let max = max.filter(|_| !counts || !need::all_kinds(&repetition.sub).meets(TEXT));
            Hir::repetition(Repetition { min, max, greedy, sub: Box::new(coarse(&repetition.sub)) })
        }
        HirKind::Capture(capture) => coarse(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(coarse).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(coarse).collect()),
        // What is a word in Unicode cannot be told of a shadow.
        HirKind::Look(
            Look::WordUnicode
            | Look::WordUnicodeNegate
            | Look::WordStartUnicode
            | Look::WordEndUnicode
            | Look::WordStartHalfUnicode
            | Look::WordEndHalfUnicode,
        ) => Hir::empty(),
        HirKind::Empty | HirKind::Look(_) | HirKind::Literal(_) | HirKind::Class(_) => hir.clone(),
    }
}

/// The pattern with every digit the same: what has come of months, centuries and countries in
/// a number is a state for each of them.
pub(super) fn alike(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Class(hir::Class::Unicode(class)) => Hir::class(hir::Class::Unicode(with_all_digits(class))),
        HirKind::Literal(literal) if literal.0.iter().any(u8::is_ascii_digit) => {
            let one = |byte: &u8| match byte {
                b'0'..=b'9' => Hir::class(hir::Class::Unicode(digits())),
                _ => Hir::literal([*byte]),
            };
            Hir::concat(literal.0.iter().map(one).collect())
        }
        HirKind::Repetition(repetition) => {
            let Repetition { min, max, greedy, ref sub } = *repetition;
            Hir::repetition(Repetition { min, max, greedy, sub: Box::new(alike(sub)) })
        }
        HirKind::Capture(capture) => alike(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(alike).collect()),
        HirKind::Alternation(parts) => one_of(parts.iter().map(alike)),
        HirKind::Empty | HirKind::Look(_) | HirKind::Literal(_) | HirKind::Class(_) => hir.clone(),
    }
}

/// An alternation of choices, each once.
pub(super) fn one_of(choices: impl Iterator<Item = Hir>) -> Hir {
    let mut all = Vec::new();
    for choice in choices {
        if !all.contains(&choice) {
            all.push(choice);
        }
    }
    Hir::alternation(all)
}

fn digits() -> ClassUnicode {
    ClassUnicode::new([ClassUnicodeRange::new('0', '9')])
}

fn with_all_digits(class: &ClassUnicode) -> ClassUnicode {
    let mut common = class.clone();
    common.intersect(&digits());
    let mut class = class.clone();
    if common.iter().next().is_some() {
        class.union(&digits());
    }
    class
}
