//! What a resource server must not take: 105 cases, each with a number and a name, sent to
//! a running gate over sockets. `docs/identity.md` has the table, made from what is here.
//!
//! A group is a file with `cases()` and one test that runs them ([`run`]). A case says what
//! is answered: HTTP status, the challenge's error, and the audit's reason. For each of its
//! attempts the runner sends the bytes, and holds against that the answer, the one record
//! that the journal gained, and the count of the server behind the gate, which must not
//! have moved. Before and after each case a good call has to pass, so that no case can hold
//! because the gate refuses everything.
//!
//! To add a group: a file beside this one, a line in [`GROUPS`], and its numbers taken out
//! of [`ELSEWHERE`].

#![allow(clippy::print_stderr, reason = "what was tried, and what could not be")]

mod certificates;
mod claims;
pub(crate) mod craft;
mod delegation;
mod header;
mod infrastructure;
mod opaque;
mod page;
mod place;
mod scope;
pub(crate) mod sender;
mod signature;
mod smart;
pub(crate) mod world;

use crate::support::Answer;
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};
use world::{Call, World};

/// How many cases there are.
pub(crate) const ALL: u8 = 105;

/// A part of the catalogue, in its order.
pub(crate) struct Group {
    pub(crate) title: &'static str,
    pub(crate) cases: fn() -> Vec<Case>,
}

pub(crate) const GROUPS: &[Group] = &[
    Group { title: "Signature", cases: signature::cases },
    Group { title: "Header", cases: header::cases },
    Group { title: "Claims", cases: claims::cases },
    Group { title: "Scope", cases: scope::cases },
    Group { title: "SMART scopes", cases: smart::cases },
    Group { title: "Wrong kind or place", cases: place::cases },
    Group { title: "Sender binding", cases: sender::cases },
    Group { title: "Opaque tokens", cases: opaque::cases },
    Group { title: "Infrastructure", cases: infrastructure::cases },
    Group { title: "Delegation", cases: delegation::cases },
];

/// Numbers that no group has yet. May only shrink.
pub(crate) const ELSEWHERE: &[std::ops::RangeInclusive<u8>] = &[];

pub(crate) struct Case {
    pub(crate) number: u8,
    /// What is presented, as the table says it.
    pub(crate) name: &'static str,
    pub(crate) refusal: Refusal,
    pub(crate) how: How,
}

/// What is answered, and what is on record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// `error` of the challenge (RFC 6750 §3.1).
    pub(crate) error: Challenge,
    /// The audit's reason code; None where nothing reaches the gate that could be recorded.
    pub(crate) code: Option<&'static str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// No `WWW-Authenticate` at all.
    None,
    /// One without an error code: no credentials were sent.
    Plain,
    Error(&'static str),
}

/// 401 `invalid_token`.
pub(crate) const INVALID_TOKEN: Refusal =
    Refusal { status: 401, error: Challenge::Error("invalid_token"), code: Some("token_refused") };
/// 400 `invalid_request`.
pub(crate) const INVALID_REQUEST: Refusal = Refusal {
    status: 400,
    error: Challenge::Error("invalid_request"),
    code: Some("authorization_malformed"),
};
/// 403 `insufficient_scope`.
pub(crate) const INSUFFICIENT_SCOPE: Refusal =
    Refusal { status: 403, error: Challenge::Error("insufficient_scope"), code: Some("scope_missing") };
/// 401 without an error: as if nothing had been sent.
pub(crate) const NO_TOKEN: Refusal =
    Refusal { status: 401, error: Challenge::Plain, code: Some("token_absent") };
/// 503: no token can be judged.
pub(crate) const NO_KEYS: Refusal =
    Refusal { status: 503, error: Challenge::None, code: Some("keys_unavailable") };

pub(crate) enum How {
    /// Each of these is refused as the case says.
    Sent(fn(&World) -> Vec<Attempt>),
    /// A history, told with worlds of its own. It says what it saw wrong by panicking, and
    /// holds refusals against the case by [`Case::holds`].
    Told(fn(&Case)),
}

/// One way to present what the case is about.
pub(crate) struct Attempt {
    pub(crate) what: String,
    /// The audit's detail, where there is one.
    pub(crate) detail: Option<&'static str>,
    pub(crate) request: Vec<u8>,
}

impl Attempt {
    /// A call with this token, refused for this detail.
    pub(crate) fn token(world: &World, what: &str, detail: &'static str, token: &str) -> Self {
        Self::call(world, what, Some(detail), &Call::default().bearer(token))
    }

    pub(crate) fn call(world: &World, what: &str, detail: Option<&'static str>, call: &Call) -> Self {
        Self { what: what.to_owned(), detail, request: call.bytes(&world.gate) }
    }
}

impl Case {
    pub(crate) fn refused(number: u8, name: &'static str, sent: fn(&World) -> Vec<Attempt>) -> Self {
        Self { number, name, refusal: INVALID_TOKEN, how: How::Sent(sent) }
    }

    pub(crate) fn with(
        number: u8,
        name: &'static str,
        refusal: Refusal,
        sent: fn(&World) -> Vec<Attempt>,
    ) -> Self {
        Self { number, name, refusal, how: How::Sent(sent) }
    }

    pub(crate) fn told(number: u8, name: &'static str, refusal: Refusal, told: fn(&Case)) -> Self {
        Self { number, name, refusal, how: How::Told(told) }
    }

    /// Sends an attempt and panics unless it is refused as the case says.
    pub(crate) fn holds(&self, world: &World, attempt: &Attempt) {
        if let Err(fault) = self.check(world, attempt) {
            panic!("{fault}");
        }
    }

    fn check(&self, world: &World, attempt: &Attempt) -> Result<(), String> {
        let (records, forwarded) = (world.records().len(), world.forwarded());
        let answer = world.send(&attempt.request);
        let place = format!("case {}, {}: {}", self.number, self.name, attempt.what);
        let told = |what: &str| Err(format!("{place}: {what}\n    {answer:?}"));
        if answer.status != self.refusal.status {
            return told(&format!("status {}, not {}", answer.status, self.refusal.status));
        }
        if challenge(&answer) != self.refusal.error.as_str() {
            return told("another challenge");
        }
        if answer.header("cache-control") != Some("no-store") && self.refusal.code.is_some() {
            return told("may be cached");
        }
        if world.forwarded() != forwarded {
            return told("was forwarded");
        }
        let records = world.records().split_off(records);
        let found: Vec<_> =
            records.iter().map(|record| (text(record, "status"), text(record, "detail"))).collect();
        let expected: Vec<_> = self.refusal.code.iter().map(|code| (Some(*code), attempt.detail)).collect();
        // The policy's own words come with a missing scope; they are of its tests.
        let same = match attempt.detail {
            Some(_) => found == expected,
            None => found.iter().map(|(code, _)| *code).eq(self.refusal.code.map(Some)),
        };
        if same { Ok(()) } else { told(&format!("on record as {found:?}, not {expected:?}")) }
    }
}

fn text<'r>(record: &'r Value, name: &str) -> Option<&'r str> {
    record.get(name).and_then(Value::as_str)
}

/// The challenge's error, "" for one without, and `-` for no challenge.
fn challenge(answer: &Answer) -> &str {
    let Some(challenge) = answer.header("www-authenticate") else { return "-" };
    let error = challenge.split_once("error=\"").and_then(|(_, rest)| rest.split_once('"'));
    assert!(challenge.contains("resource_metadata=\""), "{challenge}");
    error.map_or("", |(error, _)| error)
}

impl Challenge {
    fn as_str(self) -> &'static str {
        match self {
            Self::None => "-",
            Self::Plain => "",
            Self::Error(error) => error,
        }
    }
}

/// Runs a group's cases before one gate, and says of each that does not hold why.
pub(crate) fn run(world: &World, cases: Vec<Case>) {
    let number = cases.len();
    let (mut attempts, mut faults) = (0, Vec::new());
    for case in cases {
        let control = world.call(&format!("Bearer {}", world.token()));
        assert_eq!(control.status, 200, "before case {}: {control:?}\n{}", case.number, world.log());
        match case.how {
            How::Sent(sent) => {
                let sent = sent(world);
                assert!(!sent.is_empty(), "case {} sends nothing", case.number);
                attempts += sent.len();
                faults.extend(sent.iter().filter_map(|attempt| case.check(world, attempt).err()));
            }
            How::Told(told) => {
                attempts += 1;
                // The next cases are run too: one report for all.
                if let Err(fault) = catch_unwind(AssertUnwindSafe(|| told(&case))) {
                    let text = fault.downcast_ref::<String>().map(String::as_str);
                    let text = text.or(fault.downcast_ref::<&str>().copied()).unwrap_or("a panic");
                    faults.push(format!("case {}, {}: {text}", case.number, case.name));
                }
            }
        }
    }
    let control = world.call(&format!("Bearer {}", world.token()));
    assert_eq!(control.status, 200, "at the end: {control:?}");
    assert!(faults.is_empty(), "{} of {attempts} attempts do not hold:\n{}", faults.len(), faults.join("\n"));
    eprintln!("{number} cases, {attempts} attempts: all refused");
}

#[test]
fn every_number_has_its_case_once() {
    let mut numbers: Vec<u8> =
        GROUPS.iter().flat_map(|group| (group.cases)()).map(|case| case.number).collect();
    numbers.extend(ELSEWHERE.iter().cloned().flatten());
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=ALL).collect::<Vec<u8>>());
}
