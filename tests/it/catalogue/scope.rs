//! 56–63, 65, 66: scopes that only look like the one that is needed.

use super::world::{Call, Wanted, World};
use super::{Attempt, Case, Challenge, INSUFFICIENT_SCOPE, Refusal, run};
use serde_json::{Value, json};

/// Scopes decide, and one tool is shut whoever asks.
const POLICY: &str = r#"package portcullis.authz

default decision := {"allow": false, "reason": "Access denied.", "scopes": []}

decision := {"allow": true, "reason": "no data is asked for"} if input.tool == null

decision := {"allow": false, "reason": "Access denied: this tool is shut."} if input.tool.name == "burn"

decision := {"allow": true, "reason": "all scopes are held", "obligations": {}} if {
	input.tool.name != "burn"
	count(missing) == 0
}

decision := {"allow": false, "reason": "Access denied: a scope is missing.", "scopes": input.tool.scopes} if {
	input.tool.name != "burn"
	count(missing) > 0
}

missing := {scope | some scope in input.tool.scopes; not scope in input.principal.scopes}

test_a_shut_tool_is_shut_for_all if {
	asked := {"tool": {"name": "burn", "scopes": ["a"]}, "principal": {"scopes": ["a"]}}
	not decision.allow with input as asked
}
"#;

#[test]
fn scopes_that_are_not_held() {
    run(&World::with("scope", Wanted { policy: Some(POLICY), ..Wanted::default() }), cases());
}

/// A tool that nobody has: MCP answers it in JSON-RPC.
const UNKNOWN_TOOL: Refusal = Refusal { status: 200, error: Challenge::None, code: Some("tool_unknown") };
const POLICY_DENIES: Refusal = Refusal { status: 403, error: Challenge::None, code: Some("policy_refused") };

pub(super) fn cases() -> Vec<Case> {
    let scope = |number, name, sent| Case::with(number, name, INSUFFICIENT_SCOPE, sent);
    vec![
        scope(56, "the scope missing", |world| {
            with(world, &[Value::Null, json!(""), json!("openid profile"), json!("notes:write")])
        }),
        scope(57, "the scope in other case", |world| {
            with(world, &[json!("Notes:Read"), json!("NOTES:READ")])
        }),
        scope(58, "more or less than the scope", |world| {
            with(
                world,
                &[
                    json!("notes:rea"),
                    json!("notes:read2"),
                    json!("notes"),
                    json!("xnotes:read"),
                    json!("notes:read:all"),
                ],
            )
        }),
        scope(59, "look-alikes: Cyrillic, zero width, full width", |world| {
            let texts = [
                "n\u{43e}tes:read",
                "notes:re\u{430}d",
                "notes:\u{200b}read",
                "notes\u{ff1a}read",
                "ｎｏｔｅｓ:read",
                "notes:read\u{feff}",
            ];
            with(world, &texts.map(|text| json!(text)))
        }),
        scope(60, "scopes with another separator than a blank", |world| {
            let texts = [
                "openid\tnotes:read",
                "openid\u{a0}notes:read",
                "openid,notes:read",
                "openid\nnotes:read",
                "openid;notes:read",
                "openid\u{3000}notes:read",
            ];
            with(world, &texts.map(|text| json!(text)))
        }),
        scope(61, "a list or an object instead of a string", |world| {
            with(
                world,
                &[
                    json!(["notes:read"]),
                    json!({"notes:read": true}),
                    json!([["notes:read"]]),
                    json!(7),
                    json!(true),
                ],
            )
        }),
        scope(62, "wildcards", |world| {
            with(
                world,
                &[
                    json!("*"),
                    json!("notes:*"),
                    json!("*:read"),
                    json!("*:*"),
                    json!("notes:rea?"),
                    json!(".*"),
                ],
            )
        }),
        scope(63, "percent-encoded", |world| {
            with(
                world,
                &[
                    json!("notes%3Aread"),
                    json!("%6eotes:read"),
                    json!("openid%20notes:read"),
                    json!("openid+notes:read"),
                ],
            )
        }),
        Case::with(65, "a tool by another name", UNKNOWN_TOOL, |world| {
            let token = world.token();
            ["Read", "READ", "read2", "notes.read", "notes/read", "../read", "read%00"]
                .map(|tool| Attempt::call(world, tool, None, &Call::default().tool(tool).bearer(&token)))
                .into()
        }),
        Case::with(66, "a scope that is held where the policy denies", POLICY_DENIES, |world| {
            vec![Attempt::call(
                world,
                "a tool that is shut",
                None,
                &Call::default().tool("burn").bearer(&world.token()),
            )]
        }),
    ]
}

/// A token for each of these as its `scope`.
fn with(world: &World, scopes: &[Value]) -> Vec<Attempt> {
    let token = |scope: &Value| world.key.token(&world.claims_with(&json!({"scope": scope})));
    scopes
        .iter()
        .map(|scope| Attempt::call(world, &scope.to_string(), None, &Call::default().bearer(&token(scope))))
        .collect()
}
