//! Numbers that a hospital, an insurer or a bank gives to a person, or to what was done for
//! one: a visit, an order, a specimen, a claim, a device. They have no common form, so each
//! comes in the forms that are usual for it.

use super::Value;
use super::number::checked;
use crate::model::chance::Chance;
use crate::redact::detect::check;

/// The letters and the digits of a Medicare number: those that look like others are left out.
const MBI_LETTERS: &str = "ACDEFGHJKMNPQRTUVWXY";
const CAPITALS: &str = "ABCDEFGHJKLMNPRSTUVWXY";
/// What numbers begin with, one as often as another, and how many digits come then.
const LEADS: [(&str, [&str; 3], usize); 14] = [
    ("visitno", ["V", "", "FIN-"], 9),
    ("orderno", ["ORD-", "", "RQ"], 9),
    ("specimen", ["SP-", "W", ""], 10),
    ("claimno", ["CLM-", "", "E"], 12),
    ("authno", ["PA-", "A", ""], 8),
    ("rxno", ["RX", "", "C"], 7),
    ("caseno", ["CS-", "", "SR"], 8),
    ("ticketno", ["", "INC", "REQ"], 7),
    ("groupno", ["G", "", "GRP"], 6),
    ("custno", ["C", "", "CUST-"], 8),
    ("loanno", ["", "LN-", "0"], 9),
    ("policyno", ["HO-", "P", ""], 8),
    ("subjectno", ["S-", "", "EE"], 6),
    ("licence", ["MD", "L", "D"], 7),
];

pub(super) fn value(slot: &str, chance: &mut Chance) -> Option<Value> {
    let kind = match slot {
        // Of a matter rather than of a person: those who work on it need the number.
        "ticketno" => None,
        "loanno" | "loanlong" => Some("BANK"),
        _ => Some("ID"),
    };
    Some((text(slot, chance)?, kind))
}

fn text(slot: &str, chance: &mut Chance) -> Option<String> {
    // Nothing is drawn for a slot that is none of these: what comes after it would change.
    if let Some((_, leads, digits)) = LEADS.iter().find(|(name, ..)| *name == slot) {
        return Some(format!("{}{}", chance.one_of(leads), chance.digits(*digits)));
    }
    Some(match slot {
        // A contact, an account of one stay: long numbers of a sequence.
        "csn" => format!("{}{}", 1 + chance.below(9), chance.digits(8)),
        "accession" => match chance.below(3) {
            0 => format!("{}-{}-{}", 10 + chance.below(89), 100 + chance.below(266), chance.digits(5)),
            1 => format!("S{}-{}", 20 + chance.below(7), chance.digits(6)),
            _ => format!("A{}", chance.digits(9)),
        },
        "loanlong" => format!("100{}", chance.digits(15)),
        "serialno" => match chance.below(3) {
            0 => format!("SN{}", chance.digits(8)),
            1 => format!("{}{}", chance.letters(CAPITALS, 3), chance.digits(7)),
            _ => format!("{}-{}", chance.digits(4), chance.digits(6)),
        },
        "udi" => format!("(01){}(17)280630(21){}", gtin(chance)?, chance.digits(9)),
        "npi" => checked("npi", &format!("1{}", chance.digits(8)))?,
        "dea" => checked("dea", &format!("B{}{}", chance.letters(CAPITALS, 1), chance.digits(6)))?,
        "mbi" => medicare(chance),
        _ => return None,
    })
}

/// `5LL9-LL9-LL99`, with the dashes or without.
fn medicare(chance: &mut Chance) -> String {
    let dash = if chance.once_in(3) { "-" } else { "" };
    let mut out = "5".to_owned();
    for (digits, dash) in [(1, dash), (1, dash), (2, "")] {
        out += &chance.letters(MBI_LETTERS, 2);
        out += &chance.digits(digits);
        out += dash;
    }
    out
}

/// A GTIN-14.
fn gtin(chance: &mut Chance) -> Option<String> {
    let body = chance.digits(13);
    Some(format!("{body}{}", digit(&body)?))
}

/// The check digit of a GTIN: the others weigh three and one in turn (GS1 General Specifications,
/// section 7.9.1).
fn digit(body: &str) -> Option<char> {
    let weigh = |(at, digit): (usize, &u32)| if at % 2 == 0 { digit * 3 } else { *digit };
    let sum: u32 = check::digits(body).iter().rev().enumerate().map(weigh).sum();
    char::from_digit((10 - sum % 10) % 10, 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts of committed corpora hang on it.
    #[test]
    fn a_slot_that_is_none_of_these_draws_nothing() {
        let mut chance = Chance::new(1);
        assert_eq!(value("order", &mut chance), None);
        assert_eq!(chance.digits(8), Chance::new(1).digits(8));
    }

    #[test]
    fn numbers_pass_the_checks_of_their_standards() {
        let mut chance = Chance::new(2);
        for _ in 0..50 {
            for (slot, check) in [("npi", "npi"), ("dea", "dea")] {
                let number = text(slot, &mut chance).unwrap();
                assert!(check::named(check).unwrap()(&number), "{slot} {number}");
            }
            let number = text("mbi", &mut chance).unwrap();
            assert!(matches!(number.len(), 11 | 13), "{number}");
        }
        // The example of GS1's check digit calculator, and that of FHIR's Device.udiCarrier.
        assert_eq!(digit("629104150021"), Some('3'));
        assert_eq!(digit("0084458800328"), Some('8'));
    }
}
