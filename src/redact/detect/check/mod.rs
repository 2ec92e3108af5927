//! Checksums and structural checks, one file each, named by rules as `check`.

mod aba;
mod abn;
mod au_medicare;
mod belgian_nn;
mod bsn;
pub(crate) mod card;
mod cn_id;
mod codice_fiscale;
mod cpf;
mod curp;
mod dea;
mod disguised;
mod dni;
mod email;
mod hetu;
pub(crate) mod iban;
mod ip;
mod name;
mod nhs;
mod nino;
mod nir;
mod npi;
mod nric;
mod personnummer;
mod pesel;
mod phone;
mod place;
mod rodne_cislo;
mod sin;
mod ssn;
mod steuer_id;
mod tckn;
mod tfn;
mod verhoeff;
mod vin;
mod za_id;

use crate::model::nearest::{listed, meant};
pub(crate) use name::valid as may_be_name;

/// A check on the matched text. It takes the text as found, separators and all.
pub(crate) type Check = fn(&str) -> bool;

/// All of them, by the name that rules have for them.
const CHECKS: [(&str, Check); 39] = [
    ("aba", aba::valid),
    ("abn", abn::valid),
    ("au_medicare", au_medicare::valid),
    ("belgian_nn", belgian_nn::valid),
    ("bsn", bsn::valid),
    ("card", card::valid),
    ("cn_id", cn_id::valid),
    ("codice_fiscale", codice_fiscale::valid),
    ("cpf", cpf::valid),
    ("curp", curp::valid),
    ("dea", dea::valid),
    ("disguised_name", disguised::valid),
    ("dni", dni::valid),
    ("email", email::valid),
    ("hetu", hetu::valid),
    ("iban", iban::valid),
    ("ip", ip::valid),
    ("listed_name", name::listed),
    ("name", name::valid),
    ("name_parts", name::parts),
    ("nhs", nhs::valid),
    ("nino", nino::valid),
    ("nir", nir::valid),
    ("npi", npi::valid),
    ("nric", nric::valid),
    ("personnummer", personnummer::valid),
    ("pesel", pesel::valid),
    ("phone", phone::valid),
    ("place", place::valid),
    ("rodne_cislo", rodne_cislo::valid),
    ("said_name", name::said),
    ("sin", sin::valid),
    ("ssn", ssn::valid),
    ("steuer_id", steuer_id::valid),
    ("tckn", tckn::valid),
    ("tfn", tfn::valid),
    ("verhoeff", verhoeff::valid),
    ("vin", vin::valid),
    ("za_id", za_id::valid),
];

/// The check a rule names.
pub(crate) fn named(name: &str) -> Option<Check> {
    CHECKS.iter().find(|(known, _)| *known == name).map(|(_, check)| *check)
}

/// What to say of a name that no check has.
pub(crate) fn unknown(name: &str) -> String {
    let names = || CHECKS.iter().map(|(name, _)| *name);
    // Luhn's is that of cards.
    let meant = if name == "luhn" { "; did you mean `card`?".to_owned() } else { meant(name, names()) };
    format!("there is no check `{name}`; there are {}{meant}", listed(names()))
}

/// Whether a check of that name is hard to pass by chance, so that what passes it is the
/// value however it is spelt.
pub(crate) fn proves(name: &str) -> bool {
    matches!(name, "card" | "iban")
}

/// Whether what passes the check of that name can begin with two letters. None if it is not told.
pub(crate) fn begins(name: &str) -> Option<fn([u8; 2]) -> bool> {
    (name == "iban")
        .then_some(|letters| iban::length_in(letters.map(|letter| letter.to_ascii_uppercase())).is_some())
}

/// Digits by their weights, summed up.
fn weighted(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum()
}

/// Luhn's check (ISO/IEC 7812-1 annex B): every other digit from the right doubled, modulo 10.
pub(crate) fn luhn(digits: &[u32]) -> bool {
    let doubled =
        |(at, digit): (usize, &u32)| if at % 2 == 1 { digit * 2 / 10 + digit * 2 % 10 } else { *digit };
    let sum: u32 = digits.iter().rev().enumerate().map(doubled).sum();
    sum > 0 && sum.is_multiple_of(10)
}

/// The digits of a text.
pub(crate) fn digits(text: &str) -> Vec<u32> {
    text.chars().filter_map(|c| c.to_digit(10)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_names_no_check_is_told_which_there_are() {
        for (name, meant) in [("luhn", "`card`"), ("personummer", "`personnummer`"), ("ibann", "`iban`")] {
            assert!(named(name).is_none());
            let said = unknown(name);
            assert!(said.ends_with(&format!("did you mean {meant}?")) && said.contains("`aba`, "), "{said}");
        }
        assert!(!unknown("colour").contains("did you mean"));
    }
}
