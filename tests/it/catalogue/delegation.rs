//! 102, 103 and 105: an authorization server that answers an exchange with something else, or
//! not at all, and a revocation in the middle of a call. The variants are beside the subjects
//! they belong to: `exchange` and `signals`.

use super::world::World;
use super::{Case, Challenge, INVALID_TOKEN, Refusal, run};
use crate::{exchange, signals};

/// A tool result that says so, for a tool call.
const NOT_DELEGATED: Refusal = Refusal { status: 200, error: Challenge::None, code: Some("exchange_failed") };

#[test]
fn delegations_that_do_not_hold() {
    run(&World::start("delegation"), cases());
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::told(102, "an exchange answered with anything but what was asked for", NOT_DELEGATED, |case| {
            exchange::answers_that_are_not_what_was_asked_for(case.refusal);
        }),
        Case::told(103, "an exchange that fails, is silent, or answers with a page", NOT_DELEGATED, |case| {
            exchange::authorization_servers_that_fail(case.refusal);
        }),
        Case::told(105, "a session revoked during the call", INVALID_TOKEN, |case| {
            signals::a_revocation_during_the_call(case.refusal);
        }),
    ]
}
