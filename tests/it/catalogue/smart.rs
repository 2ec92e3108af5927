//! 64: scopes of SMART on FHIR that are malformed, or narrower than what is asked for.

use super::world::{Call, World};
use super::{Attempt, Case, INSUFFICIENT_SCOPE, run};
use serde_json::json;

fn chart(world: &World, scope: &str) -> Call {
    let token = world.key.token(&world.claims_with(&json!({"scope": scope})));
    Call::default().tool("chart").bearer(&token)
}

#[test]
fn smart_scopes_that_do_not_suffice() {
    let world = World::start("smart");
    for enough in [
        "user/Observation.rs",
        "user/*.cruds",
        "user/Observation.r user/Observation.s",
        "x user/Observation.crus",
    ] {
        let answer = world.send(&chart(&world, enough).bytes(&world.gate));
        assert_eq!(answer.status, 200, "{enough}: {answer:?}");
    }
    run(&world, cases());
}

pub(super) fn cases() -> Vec<Case> {
    vec![Case::with(64, "SMART letters out of order, an unknown parameter", INSUFFICIENT_SCOPE, |world| {
        let scopes = [
            "user/Observation.sr",
            "user/Observation.rr",
            "user/Observation.RS",
            "user/Observation.read",
            "user/Observation.rs?",
            "user/Observation.rs?colour=red",
            "user/Observation.rs?category=laboratory user/Observation.rs?category=imaging",
            "user/Observation.r user/Condition.s",
            "user/Obs*.rs",
            "patient/Observation.rs",
            "system/*.cruds",
        ];
        scopes.map(|scope| Attempt::call(world, scope, None, &chart(world, scope))).into()
    })]
}
