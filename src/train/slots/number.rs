//! Numbers of persons, of their accounts and of days, with the check digits that their
//! standards ask for.

use super::{Value, code};
use crate::model::chance::Chance;
use crate::redact::detect::check;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A value that is made of digits, codes and marks.
pub(super) fn value(slot: &str, chance: &mut Chance) -> Option<Value> {
    let typed = |text: String, kind| Some((text, Some(kind)));
    match slot {
        "ssn" => typed(ssn("-", chance), "SSN"),
        "ssnbare" => typed(ssn("", chance), "SSN"),
        "pan" => typed(checked("card", &format!("4{}", chance.digits(14)))?, "PAN"),
        "pangrouped" => {
            let pan = checked("card", &format!("5{}{}", 1 + chance.below(5), chance.digits(13)))?;
            typed(
                format!("{} {} {} {}", pan.get(..4)?, pan.get(4..8)?, pan.get(8..12)?, pan.get(12..)?),
                "PAN",
            )
        }
        "iban" => typed(iban(chance)?, "IBAN"),
        "phone" => {
            let (area, exchange, line) = (201 + chance.below(700), 220 + chance.below(700), chance.digits(4));
            typed(
                match chance.below(4) {
                    0 => format!("({area}) {exchange}-{line}"),
                    1 => format!("{area}-{exchange}-{line}"),
                    2 => format!("+1 {area} {exchange} {line}"),
                    _ => format!("+44 20 7{} {}", chance.digits(3), chance.digits(4)),
                },
                "PHONE",
            )
        }
        "ip" => typed(
            format!(
                "{}.{}.{}.{}",
                11 + chance.below(180),
                chance.below(255),
                chance.below(255),
                1 + chance.below(250)
            ),
            "IP",
        ),
        "isodate" => typed(iso(chance), "DATE"),
        "usdate" => typed(
            format!("{:02}/{:02}/{}", 1 + chance.below(12), 1 + chance.below(28), 1930 + chance.below(95)),
            "DATE",
        ),
        "longdate" => typed(
            format!("{} {}, {}", chance.pick(&MONTHS)?, 1 + chance.below(28), 1990 + chance.below(36)),
            "DATE",
        ),
        "mrn" => typed(chance.digits(8), "ID"),
        "memberid" => {
            typed(format!("{}-{}", chance.letters("ABCDEFGHKMNPRSTWXYZ", 3), chance.digits(7)), "ID")
        }
        "account" => typed(chance.digits(10), "BANK"),
        _ => code::value(slot, chance).map(|code| (code, None)),
    }
}

fn ssn(between: &str, chance: &mut Chance) -> String {
    let (area, group) = (100 + chance.below(500), 10 + chance.below(80));
    format!("{area:03}{between}{group:02}{between}{:04}", 1_000 + chance.below(8_999))
}

fn iso(chance: &mut Chance) -> String {
    format!("{}-{:02}-{:02}", 1930 + chance.below(95), 1 + chance.below(12), 1 + chance.below(28))
}

/// `body` with the last digit that its check asks for.
pub(super) fn checked(check: &str, body: &str) -> Option<String> {
    let valid = check::named(check)?;
    (0..10).map(|digit| format!("{body}{digit}")).find(|number| valid(number))
}

/// A German account: the check digits of ISO 13616 are tried in turn.
fn iban(chance: &mut Chance) -> Option<String> {
    let (valid, account) = (check::named("iban")?, chance.digits(18));
    (2..=98).map(|digits| format!("DE{digits:02}{account}")).find(|iban| valid(iban))
}
