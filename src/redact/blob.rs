//! What is inside base64, however it is written.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// With and without padding: a reader that wants it would take the rest for no base64.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const ENGINES: [GeneralPurpose; 2] =
    [GeneralPurpose::new(&alphabet::STANDARD, LENIENT), GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT)];

/// A decoded blob.
#[derive(Debug, PartialEq, Eq)]
pub enum Inside {
    /// UTF-8.
    Text(String),
    /// Bytes without a NUL, read as Latin-1: text in an older encoding, perhaps.
    Perhaps(String),
    /// Anything else.
    Binary,
}

/// None for what is no base64, of either alphabet, in one line or several.
pub fn inside(blob: &str) -> Option<Inside> {
    decode(blob).map(of)
}

/// The bytes of base64. None for what is none.
pub(crate) fn decode(blob: &str) -> Option<Vec<u8>> {
    let line: String = blob.trim().chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    ENGINES.iter().find_map(|engine| engine.decode(&line).ok())
}

/// What bytes are.
pub(crate) fn of(bytes: Vec<u8>) -> Inside {
    match String::from_utf8(bytes) {
        Ok(text) => Inside::Text(text),
        Err(error) if !error.as_bytes().contains(&0) => {
            Inside::Perhaps(error.as_bytes().iter().copied().map(char::from).collect())
        }
        Err(_) => Inside::Binary,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_base64_is_read() {
        let text = || Some(Inside::Text("SSN 536-90-4399??>".into()));
        for blob in ["U1NOIDUzNi05MC00Mzk5Pz8+", "U1NOIDUzNi05MC00\nMzk5Pz8+\r\n", "U1NOIDUzNi05MC00Mzk5Pz8-"]
        {
            assert_eq!(inside(blob), text(), "{blob}");
        }
        assert_eq!(inside("YQ"), inside("YQ=="));
        assert_eq!(inside("TfxsbGVy"), Some(Inside::Perhaps("M\u{fc}ller".into())));
        assert_eq!(inside("iVBORwAA/w"), Some(Inside::Binary));
        assert_eq!(inside("SSN 536-90-4399."), None);
    }
}
