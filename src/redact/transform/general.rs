//! Generalisation: less exact, still true.

use chrono::{Datelike, NaiveDate};

/// Prefixes of areas in which 20,000 people or fewer live (HIPAA 164.514(b)(2)(i)(B), by the
/// census of 2000).
const SPARSE: [&str; 17] = [
    "036", "059", "063", "102", "203", "556", "692", "790", "821", "823", "830", "831", "878", "879", "884",
    "890", "893",
];

/// The first three digits of a US postal code (ZIP or ZIP+4). A number has lost its zeros.
pub(super) fn zip3(text: &str, number: bool) -> Option<String> {
    let text = text.trim();
    let text = if number { format!("{text:0>5}") } else { text.to_owned() };
    let (zip, more) = text.split_once(['-', ' ']).unwrap_or((&text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let whole = matches!((zip.len(), more.len()), (5, 0 | 4) | (9, 0)) && digits(zip) && digits(more);
    let prefix = zip.get(..3).filter(|_| whole)?;
    Some(if SPARSE.contains(&prefix) { "000".to_owned() } else { prefix.to_owned() })
}

/// A band of ten years for an age in years, or for a date of birth by the year in it. Nobody
/// is said to be over 89.
pub(super) fn age(text: &str, number: bool, this_year: u16) -> Option<String> {
    let age = match text.trim().parse::<u32>() {
        Ok(age) if age <= 150 => age,
        Ok(_) if number => return None,
        _ => u32::from(this_year).checked_sub(u32::try_from(date(text)?.0.year()).ok()?)?,
    };
    let from = age / 10 * 10;
    Some(if age >= 90 { "90+".to_owned() } else { format!("{from}-{}", from + 9) })
}

/// A number rounded to a multiple, half away from zero; money and counts stay what they are.
pub(super) fn round(text: &str, multiple: u32) -> Option<String> {
    let number = text.trim().parse::<f64>().ok().filter(|number| number.abs() < 1e15)?;
    let rounded = (number / f64::from(multiple)).round() * f64::from(multiple);
    Some(format!("{:.0}", if rounded == 0.0 { 0.0 } else { rounded }))
}

/// A date at the beginning of a text in a form that has one reading, how it is written, and
/// what follows it.
pub(super) fn date(text: &str) -> Option<(NaiveDate, &'static str, &str)> {
    for (length, form) in [(10, "%Y-%m-%d"), (10, "%Y/%m/%d"), (8, "%Y%m%d")] {
        let Some((head, rest)) = text.split_at_checked(length) else { continue };
        let ends = !rest.starts_with(|c: char| c.is_ascii_digit()) || form == "%Y%m%d" && time(rest);
        if let (true, Ok(date)) = (ends, NaiveDate::parse_from_str(head, form)) {
            return Some((date, form, rest));
        }
    }
    None
}

/// The rest of an HL7 timestamp: `HHMM` or `HHMMSS`.
fn time(rest: &str) -> bool {
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    matches!(digits, 4 | 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postal_codes_keep_three_digits_where_enough_people_live() {
        for (text, number, shown) in [
            ("02139", false, Some("021")),
            ("02139-4307", false, Some("021")),
            ("021394307", false, Some("021")),
            ("2139", true, Some("021")),
            ("03601", false, Some("000")),
            ("89301", false, Some("000")),
            ("2139", false, None),
            ("SW1A 1AA", false, None),
            ("02139-43", false, None),
        ] {
            assert_eq!(zip3(text, number).as_deref(), shown, "{text}");
        }
    }

    #[test]
    fn ages_become_bands() {
        for (text, number, shown) in [
            ("1980-02-03", false, Some("40-49")),
            ("1980/02/03", false, Some("40-49")),
            ("19800203", false, Some("40-49")),
            ("198002031015", false, Some("40-49")),
            ("47", true, Some("40-49")),
            ("0", true, Some("0-9")),
            ("90", false, Some("90+")),
            ("1930-01-01T00:00:00Z", false, Some("90+")),
            ("2030-01-01", false, None),
            ("19800203", true, None),
            ("about 50", false, None),
            ("1980-02-031", false, None),
        ] {
            assert_eq!(age(text, number, 2026).as_deref(), shown, "{text}");
        }
    }

    #[test]
    fn numbers_are_rounded_to_a_multiple() {
        for (text, multiple, shown) in [
            ("1234.56", 100, Some("1200")),
            ("-1250", 500, Some("-1500")),
            ("49", 100, Some("0")),
            ("-49", 100, Some("0")),
            ("7e2", 1000, Some("1000")),
            ("x", 10, None),
            ("1e300", 10, None),
        ] {
            assert_eq!(round(text, multiple).as_deref(), shown, "{text}");
        }
    }
}
