//! Which kinds of byte a text is made of, as one word: what most values are known by
//! to hold nothing that a detector looks for, before any pattern is run.

/// A set of kinds of byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Class(u64);

/// The class of each byte; [`Class::STOP`] besides for those that end a JSON string's run
/// of plain bytes.
pub(crate) static OF: [Class; 256] = table();

impl Class {
    pub(crate) const DIGIT: Self = Self(1);
    pub(crate) const LOWER: Self = Self(1 << 1);
    pub(crate) const UPPER: Self = Self(1 << 2);
    pub(crate) const SPACE: Self = Self(1 << 3);
    /// Anything beyond ASCII.
    pub(crate) const WIDE: Self = Self(1 << 4);
    pub(crate) const CONTROL: Self = Self(1 << 5);
    /// A quote, a backslash or a control character.
    pub(crate) const STOP: Self = Self(1 << 63);

    pub(crate) fn of(text: &str) -> Self {
        Self(Self::of_json(text).0 & !Self::STOP.0)
    }

    /// As [`Class::of`], with [`Class::STOP`] where a byte needs an escape in JSON.
    pub(crate) fn of_json(text: &str) -> Self {
        Self(text.bytes().fold(0, |class, byte| class | OF[usize::from(byte)].0))
    }

    pub(crate) const fn byte(byte: u8) -> Self {
        OF[byte as usize]
    }

    pub(crate) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) const fn join(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn bits(self) -> u64 {
        self.0
    }

    /// How many kinds of byte it names.
    pub(crate) fn breadth(self) -> u32 {
        self.0.count_ones()
    }
}

const fn table() -> [Class; 256] {
    let mut table = [Class::WIDE; 256];
    let mut byte = 0;
    // Each mark of punctuation has a bit of its own, behind those named above.
    let mut mark = 6;
    while byte < 128 {
        #[allow(clippy::cast_possible_truncation, reason = "below 128; `try_from` is not const")]
        let ascii = byte as u8;
        let class = match ascii {
            b'0'..=b'9' => Class::DIGIT,
            b'a'..=b'z' => Class::LOWER,
            b'A'..=b'Z' => Class::UPPER,
            b' ' => Class::SPACE,
            0..=0x1f => Class::SPACE.join(Class::CONTROL).join(Class::STOP),
            0x7f => Class::CONTROL,
            b'"' | b'\\' => Class(1 << mark).join(Class::STOP),
            _ => Class(1 << mark),
        };
        if ascii.is_ascii_punctuation() {
            mark += 1;
        }
        table[byte] = class;
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_known_by_its_kinds_of_byte() {
        let class = Class::of("call (212) 555-0142");
        for kind in [Class::DIGIT, Class::LOWER, Class::SPACE, Class::byte(b'('), Class::byte(b'-')] {
            assert!(class.meets(kind));
        }
        for kind in [Class::UPPER, Class::WIDE, Class::byte(b'@'), Class::STOP] {
            assert!(!class.meets(kind));
        }
        assert!(Class::of("Zoë").meets(Class::WIDE));
        assert_eq!(Class::of("@").breadth(), 1);
    }
}
