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

/// A check on the matched text. It takes the text as found, separators and all.
pub(crate) type Check = fn(&str) -> bool;

/// The check a rule names.
pub(crate) fn named(name: &str) -> Option<Check> {
    match name {
        "aba" => Some(aba::valid),
        "abn" => Some(abn::valid),
        "au_medicare" => Some(au_medicare::valid),
        "belgian_nn" => Some(belgian_nn::valid),
        "bsn" => Some(bsn::valid),
        "cn_id" => Some(cn_id::valid),
        "codice_fiscale" => Some(codice_fiscale::valid),
        "cpf" => Some(cpf::valid),
        "curp" => Some(curp::valid),
        "dea" => Some(dea::valid),
        "dni" => Some(dni::valid),
        "email" => Some(email::valid),
        "hetu" => Some(hetu::valid),
        "nhs" => Some(nhs::valid),
        "nino" => Some(nino::valid),
        "nir" => Some(nir::valid),
        "npi" => Some(npi::valid),
        "nric" => Some(nric::valid),
        "personnummer" => Some(personnummer::valid),
        "pesel" => Some(pesel::valid),
        "rodne_cislo" => Some(rodne_cislo::valid),
        "sin" => Some(sin::valid),
        "steuer_id" => Some(steuer_id::valid),
        "tckn" => Some(tckn::valid),
        "tfn" => Some(tfn::valid),
        "verhoeff" => Some(verhoeff::valid),
        "vin" => Some(vin::valid),
        "za_id" => Some(za_id::valid),
        "card" => Some(card::valid),
        "iban" => Some(iban::valid),
        "ip" => Some(ip::valid),
        "disguised_name" => Some(disguised::valid),
        "listed_name" => Some(name::listed),
        "name" => Some(name::valid),
        "name_parts" => Some(name::parts),
        "said_name" => Some(name::said),
        "place" => Some(place::valid),
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
