//! Words of which a text must hold one for a pattern to match it, read off the pattern.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Words kept of one pattern; a pattern that needs one of more says little.
const MOST: usize = 128;
/// Strings that a part of a pattern is written out to.
const MOST_EXACT: usize = 64;
/// Shorter words are in every text, unless they are marks of punctuation.
const SHORTEST: usize = 2;

/// The words, in lower case. None where the pattern names none.
pub(crate) fn required(pattern: &Hir) -> Option<Vec<String>> {
    let Part { exact, words } = part(pattern);
    let words = best(exact.filter(|exact| is_telling(exact)), words)?;
    // A word within another is in whatever the other is in.
    let holds_other =
        |word: &String| words.iter().any(|other| other != word && word.contains(other.as_str()));
    Some(words.iter().filter(|word| !holds_other(word)).cloned().collect())
}

/// What is known of a part of a pattern.
struct Part {
    /// All it can match, in lower case, if that is little.
    exact: Option<Vec<String>>,
    /// One of these is in all it matches.
    words: Option<Vec<String>>,
}

const ANYTHING: Part = Part { exact: None, words: None };

fn part(hir: &Hir) -> Part {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => exactly(vec![String::new()]),
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
            Ok(text) => exactly(vec![text.to_ascii_lowercase()]),
            Err(_) => ANYTHING,
        },
        HirKind::Class(class) => class_of(class),
        HirKind::Capture(capture) => part(&capture.sub),
        HirKind::Repetition(repetition) => {
            let once = part(&repetition.sub);
            match (repetition.min, repetition.max) {
                (0, Some(1)) => {
                    let exact = once.exact.map(|exact| union(vec![String::new()], exact));
                    Part { exact, words: None }
                }
                (0, _) => ANYTHING,
                (1, Some(1)) => once,
                _ => Part {
                    words: best(once.exact.filter(|exact| is_telling(exact)), once.words),
                    exact: None,
                },
            }
        }
        HirKind::Concat(parts) => concat(parts),
        HirKind::Alternation(choices) => alternation(choices),
    }
}

fn exactly(exact: Vec<String>) -> Part {
    Part { exact: Some(exact), words: None }
}

/// One letter in either case, or one of a few characters. What folding has replaced before
/// patterns are run, such as the long s, stands in no text.
fn class_of(class: &Class) -> Part {
    let Class::Unicode(class) = class else { return ANYTHING };
    let mut characters = Vec::new();
    for range in class.iter() {
        for character in range.start()..=range.end() {
            let lower = character.to_ascii_lowercase();
            if matches!(character, '\u{17f}' | '\u{212a}') || characters.contains(&lower) {
                continue;
            }
            characters.push(lower);
            if characters.len() > 4 {
                return ANYTHING;
            }
        }
    }
    exactly(characters.into_iter().map(String::from).collect())
}

fn concat(parts: &[Hir]) -> Part {
    let (mut run, mut words, mut whole) = (vec![String::new()], None, true);
    for hir in parts {
        let next = part(hir);
        words = best(next.words, words);
        match next.exact {
            Some(exact) if run.len() * exact.len() <= MOST_EXACT => run = cross(&run, &exact),
            Some(exact) => {
                words = best(Some(run).filter(|run| is_telling(run)), words);
                (run, whole) = (exact, false);
            }
            None => {
                words = best(Some(run).filter(|run| is_telling(run)), words);
                (run, whole) = (vec![String::new()], false);
            }
        }
    }
    if whole {
        return Part { exact: Some(run), words };
    }
    Part { exact: None, words: best(Some(run).filter(|run| is_telling(run)), words) }
}

fn alternation(choices: &[Hir]) -> Part {
    let parts: Vec<Part> = choices.iter().map(part).collect();
    let exact = parts.iter().map(|part| part.exact.clone()).collect::<Option<Vec<_>>>();
    let exact = exact.map(|exact| exact.into_iter().fold(Vec::new(), union));
    let words = parts
        .into_iter()
        .map(|part| best(part.exact.filter(|exact| is_telling(exact)), part.words))
        .collect::<Option<Vec<_>>>()
        .map(|words| words.into_iter().fold(Vec::new(), union));
    Part {
        exact: exact.filter(|exact| exact.len() <= MOST_EXACT),
        words: words.filter(|words| words.len() <= MOST),
    }
}

fn cross(heads: &[String], tails: &[String]) -> Vec<String> {
    heads.iter().flat_map(|head| tails.iter().map(move |tail| format!("{head}{tail}"))).collect()
}

fn union(mut one: Vec<String>, other: Vec<String>) -> Vec<String> {
    for text in other {
        if !one.contains(&text) {
            one.push(text);
        }
    }
    one
}

fn is_telling(words: &[String]) -> bool {
    let tells =
        |word: &String| word.len() >= SHORTEST || word.bytes().any(|byte| byte.is_ascii_punctuation());
    !words.is_empty() && words.iter().all(tells)
}

fn shortest(words: &[String]) -> usize {
    words.iter().map(String::len).min().unwrap_or_default()
}

/// The longer words are rarer.
fn best(one: Option<Vec<String>>, other: Option<Vec<String>>) -> Option<Vec<String>> {
    match (one, other) {
        (Some(one), Some(other)) => Some(if shortest(&one) >= shortest(&other) { one } else { other }),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(pattern: &str) -> Option<Vec<String>> {
        required(&regex_syntax::parse(pattern).unwrap())
    }

    #[test]
    fn patterns_name_the_words_they_need() {
        for (pattern, expected) in [
            (r"(?-u:\b)gh[po]_[A-Za-z0-9]{36,}", vec!["gho_", "ghp_"]),
            (r"(?i)(?-u:\b)mrn[:#]?\s*[0-9]{5,}", vec!["mrn"]),
            (r"(?:AKIA|ASIA)[A-Z0-9]{16}|xox[ab]-[0-9]+", vec!["akia", "asia", "xoxa-", "xoxb-"]),
            (r"(?i:soc(?:ial)? sec)\D{0,3}[0-9]{9}", vec!["soc sec", "social sec"]),
            (r"(?:Mr|Dr)\.?\s+\pL+", vec!["mr", "dr"]),
            (r"[0-9]+-----BEGIN [A-Z ]+", vec!["-----begin "]),
        ] {
            assert_eq!(words(pattern).unwrap(), expected, "{pattern}");
        }
        for pattern in [r"[0-9]{9}", r"(?:ssn)?[0-9]{9}", r"ssn|[0-9]{9}", "(?:abc)*"] {
            assert_eq!(words(pattern), None, "{pattern}");
        }
    }
}
