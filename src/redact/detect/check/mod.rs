//! Checksums and structural checks, one file each, named by rules as `check`.

mod aba;
pub(crate) mod card;
pub(crate) mod iban;
mod ip;
mod phone;
mod ssn;

/// A check on the matched text. It takes the text as found, separators and all.
pub(crate) type Check = fn(&str) -> bool;

/// The check a rule names.
pub(crate) fn named(name: &str) -> Option<Check> {
    match name {
        "aba" => Some(aba::valid),
        "card" => Some(card::valid),
        "iban" => Some(iban::valid),
        "ip" => Some(ip::valid),
        "phone" => Some(phone::valid),
        "ssn" => Some(ssn::valid),
        _ => None,
    }
}

/// Whether a check of that name is hard to pass by chance, so that what passes it is the
/// value however it is spelt.
pub(crate) fn proves(name: &str) -> bool {
    matches!(name, "card" | "iban")
}

/// The digits of a text.
fn digits(text: &str) -> Vec<u32> {
    text.chars().filter_map(|c| c.to_digit(10)).collect()
}
