//! Numbers and codes that look like somebody's and are nobody's.

use crate::model::chance::Chance;
use crate::redact::detect::check;

/// A number or a code that is nobody's.
pub(super) fn value(slot: &str, chance: &mut Chance) -> Option<String> {
    Some(match slot {
        "number" => chance.below(90_000).to_string(),
        "year" => (1950 + chance.below(76)).to_string(),
        "amount" => format!("{}.{:02}", chance.below(9_000), chance.below(100)),
        "uuid" => format!(
            "{}-{}-4{}-a{}-{}",
            chance.hex(8),
            chance.hex(4),
            chance.hex(3),
            chance.hex(3),
            chance.hex(12)
        ),
        "sha" => chance.hex(64),
        "commit" => chance.hex(40),
        "epoch" => format!("{}{}", 16 + chance.below(2), chance.digits(8)),
        "epochms" => format!("{}{}", 16 + chance.below(2), chance.digits(11)),
        "order" => format!("{}-{}", chance.letters("ABCDEFGHKMNPRSTWXYZ", 2), chance.digits(9)),
        "luhnid" => luhn(&format!("93{}", chance.digits(13)))?,
        "sku" => format!(
            "{}-{}-{}",
            chance.letters("ABCDEFGHKMNPRSTWXYZ", 3),
            chance.digits(4),
            chance.letters("BKLRSX", 1)
        ),
        "version" => format!("{}.{}.{}", chance.below(20), chance.below(40), chance.below(100)),
        "token" => chance.letters("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", 24),
        _ => return None,
    })
}

/// `body` with the digit that makes it pass Luhn, as many order numbers do.
fn luhn(body: &str) -> Option<String> {
    (0..10).map(|digit| format!("{body}{digit}")).find(|number| check::luhn(&check::digits(number)))
}
