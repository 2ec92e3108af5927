//! Which known name somebody meant who wrote one that is not known.

/// A name within another counts as so many slips: `SSN` for `US_SSN`.
const PART: usize = 3;
/// Shorter names are part of too many others.
const SHORTEST_PART: usize = 3;

/// The known name that differs least, if it differs by no more than slips of the pen do.
pub(crate) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let near = known.into_iter().filter_map(|name| slips(word, name).map(|slips| (slips, name)));
    near.min().map(|(_, name)| name)
}

/// `; did you mean …?`, or nothing where no known name is near.
pub(crate) fn meant<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    nearest(word, known).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

/// Names, as a sentence lists them.
pub(crate) fn listed<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> String {
    names.into_iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}

/// How many letters are wrong, missing, too many or swapped.
pub(crate) fn distance_of(one: &str, other: &str) -> usize {
    distance(&one.chars().collect::<Vec<_>>(), &other.chars().collect::<Vec<_>>())
}

/// How many letters are wrong, missing, too many or swapped; None for too many of them.
fn slips(word: &str, name: &str) -> Option<usize> {
    let plain = |text: &str| text.to_lowercase().chars().collect::<Vec<_>>();
    let (word, name) = (plain(word), plain(name));
    let (short, long) = if word.len() < name.len() { (&word, &name) } else { (&name, &word) };
    let part = short.len() >= SHORTEST_PART && long.windows(short.len()).any(|part| part == short);
    let apart = distance(&word, &name);
    if apart * 3 <= long.len() { Some(apart) } else { part.then_some(PART) }
}

/// The optimal string alignment distance, row by row.
fn distance(one: &[char], other: &[char]) -> usize {
    let mut before = Vec::new();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    let at = |row: &[usize], place: usize| row.get(place).copied().unwrap_or(usize::MAX / 2);
    for (i, a) in one.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let changed = at(&row, j) + usize::from(a != b);
            let mut least = changed.min(at(&row, j + 1) + 1).min(at(&next, j) + 1);
            let swapped = i > 0 && j > 0 && one.get(i - 1) == Some(b) && other.get(j - 1) == Some(a);
            if swapped {
                least = least.min(at(&before, j - 1) + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    at(&row, other.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_near_and_another_word_is_not() {
        let known = ["PERSON", "US_SSN", "PAN", "CARD_SECURITY", "clinic", "release"];
        for (word, meant) in [
            ("PRESON", Some("PERSON")),
            ("person", Some("PERSON")),
            ("SSN", Some("US_SSN")),
            ("CARD_SECURTY", Some("CARD_SECURITY")),
            ("clinics", Some("clinic")),
            ("relase", Some("release")),
            ("PAM", Some("PAN")),
            ("DIAGNOSIS", None),
            ("", None),
            ("x", None),
        ] {
            assert_eq!(nearest(word, known), meant, "{word}");
        }
        assert_eq!(meant("clinics", known), "; did you mean `clinic`?");
        assert_eq!(meant("elsewhere", known), "");
    }
}
