//! The chain: how a line names the one before it.

use crate::jose::sha256;
use serde_json::Value;

/// What the first line names as its predecessor.
pub(super) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The hash by which the next line names this one.
pub(super) fn hash(line: &[u8]) -> String {
    sha256(line).iter().fold(String::with_capacity(64), |mut hex, byte| {
        hex.push_str(&format!("{byte:02x}"));
        hex
    })
}

/// The parts of a line that hold the chain together.
pub(super) struct Link {
    pub(super) sequence: u64,
    pub(super) previous: String,
    pub(super) time: String,
    pub(super) event: String,
    pub(super) call: Option<String>,
}

/// Reads a line; None if it is not a whole record.
pub(super) fn link(line: &[u8]) -> Option<Link> {
    let value: Value = serde_json::from_slice(line).ok()?;
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    Some(Link {
        sequence: value.get("seq")?.as_u64()?,
        previous: text("prev")?,
        time: text("ts")?,
        event: text("event")?,
        call: text("call"),
    })
}

/// RFC 3339 in UTC with microseconds.
pub(super) fn timestamp(since_epoch: std::time::Duration) -> String {
    let (seconds, micros) = (since_epoch.as_secs(), since_epoch.subsec_micros());
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

/// Days since 1970-01-01 as a date, by counting in 400-year cycles from 0000-03-01.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (cycle, day_of_cycle) = (shifted / 146_097, shifted % 146_097);
    let year_of_cycle =
        (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36_524 - day_of_cycle / 146_096) / 365;
    let day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (cycle * 400 + year_of_cycle + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn times_read_as_they_should() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_399, "2000-02-28T23:59:59.000000Z"),
            (951_782_400, "2000-02-29T00:00:00.000000Z"),
            (1_795_392_000, "2026-11-23T00:00:00.000000Z"),
        ] {
            assert_eq!(timestamp(Duration::from_secs(seconds)), expected);
        }
    }
}
