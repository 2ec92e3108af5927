//! Text in characters that no one sees and that a model reads: Unicode tags (U+E0000), which
//! repeat ASCII, and variation selectors, which number the bytes.

use crate::redact::view::View;

/// The readings of a text that has such characters.
pub(super) fn views(text: &str) -> impl Iterator<Item = View> {
    let smuggles = text.contains(|c| tag(c).is_some() || selector(c).is_some());
    let readings: [fn(char) -> Option<char>; 2] = [tag, selector];
    let readings = readings.into_iter().filter(move |_| smuggles);
    let views = readings.filter_map(|read| {
        let (mut view, mut end) = (View::with_capacity(0), 0);
        for (place, c) in text.char_indices() {
            if let Some(says) = read(c) {
                view.push(says, place);
                end = place + c.len_utf8();
            }
        }
        // What is seen behind the last of them is no part of it.
        if end > 0 {
            view.push('\n', end);
        }
        (!view.text.is_empty()).then(|| view.end(text.len()))
    });
    views.collect::<Vec<_>>().into_iter()
}

fn tag(c: char) -> Option<char> {
    match u32::from(c).checked_sub(0xe0000)? {
        ascii @ 0x20..=0x7e => char::from_u32(ascii),
        _ => None,
    }
}

/// FE00 to FE0F are the bytes below 16, E0100 to E01EF those from 16 on.
fn selector(c: char) -> Option<char> {
    let byte = match u32::from(c) {
        code @ 0xfe00..=0xfe0f => code - 0xfe00,
        code @ 0xe0100..=0xe01ef => code - 0xe0100 + 16,
        _ => return None,
    };
    char::from_u32(byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_read() {
        let hidden: String = "536".chars().filter_map(|c| char::from_u32(0xe0000 + u32::from(c))).collect();
        let text = format!("é{hidden}!");
        let view = views(&text).next().unwrap();
        assert_eq!(view.text, "536\n");
        assert_eq!(view.original(&(0..3)), 2..text.len() - 1);
        let bytes: String = "5".bytes().filter_map(|b| char::from_u32(0xe0100 + u32::from(b) - 16)).collect();
        assert_eq!(views(&bytes).next().unwrap().text, "5\n");
        assert_eq!(views("é 4\u{20ac}").count(), 0);
    }
}
