//! Conditions of a call beyond scopes, over sockets: the sign-in, the purpose, the patient,
//! and emergencies with their review.

use crate::support::authority::{Authority, now};
use crate::support::upstream::{Upstream, whole};
use crate::support::{Answer, Gate, PROGRAM, records};
use portcullis::model::signal::Whose;
use portcullis::store::revocations::Revocations;
use serde_json::{Value, json};
use std::process::{Command, Output};

const RULES: &str = "server: records
tools:
  read: { scopes: ['tools:call'], release: all }
  pay: { scopes: ['tools:call'], release: all, step_up: { acr: [gold, platinum], max_age: 60 } }
  chart: { scopes: ['patient/Observation.rs'], patient: patient, release: all }
  note:
    scopes: ['notes:read']
    purposes: [TREAT]
    release: { 'notes:read': [$] }
    profile: hipaa-safe-harbor
    break_glass: { subject: patient, grants: ['notes:read'], reasons: [cardiac-arrest], step_up: { max_age: 60 } }
";

struct World {
    authority: Authority,
    gate: Gate,
}

impl World {
    fn start(name: &str) -> Self {
        let authority = Authority::start();
        let schema = json!({"type": "object", "properties": {"patient": {"type": "string"}}});
        let tools = ["read", "pay", "chart", "note"].map(|name| json!({"name": name, "inputSchema": schema}));
        let upstream = Upstream::start(json!(tools), |message, stream| {
            let data = json!({"ssn": "536-90-4399", "text": "seen today"});
            let result = json!({
                "content": [{"type": "text", "text": data.to_string()}], "structuredContent": data,
                "resultType": "complete",
            });
            whole(stream, message, &result);
        });
        let line = format!("records: {{ url: '{}', auth: none }}", upstream.url);
        let gate = Gate::beside(name, authority.url(), &line, RULES, &[], |_| {
            "scopes: { implies: { 'tools:all': ['tools:any'], 'tools:any': ['tools:call'] } }\n".to_owned()
        });
        Self { authority, gate }
    }

    fn resource(&self) -> String {
        format!("http://{}/records/mcp", self.gate.address)
    }

    fn token(&self, claims: &Value) -> String {
        self.authority.token(&self.resource(), claims)
    }

    fn call(&self, claims: &Value, tool: &str, arguments: &Value, meta: &Value) -> Answer {
        let params = json!({"name": tool, "arguments": arguments, "_meta": meta});
        self.gate.ask("records", &self.token(claims), "tools/call", params)
    }

    fn plain(&self, claims: &Value, tool: &str) -> Answer {
        self.call(claims, tool, &json!({}), &json!({}))
    }

    /// Status and reason of the newest record.
    fn last(&self) -> (String, String) {
        let last = records(&self.gate.state).pop().unwrap();
        let text = |name: &str| last[name].as_str().unwrap_or_default().to_owned();
        (text("status"), text("detail"))
    }

    fn review(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(PROGRAM);
        command.arg("review").args(arguments).arg("--config").arg(self.gate.state.join("portcullis.yaml"));
        command.output().unwrap()
    }

    /// A reviewer's token in a file.
    fn reviewer(&self, subject: &str, scope: &str) -> String {
        let path = self.gate.state.join(format!("{subject}.token"));
        std::fs::write(&path, self.token(&json!({"sub": subject, "scope": scope}))).unwrap();
        path.display().to_string()
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_scope_implies_others() {
    let world = World::start("access-implied");
    assert_eq!(world.plain(&json!({"scope": "tools:all"}), "read").status, 200);
    assert_eq!(world.plain(&json!({"scope": "tools:ALL"}), "read").status, 403);
}

#[test]
fn a_risky_tool_asks_for_a_recent_and_strong_sign_in() {
    let world = World::start("access-step-up");
    for claims in [
        json!({}),
        json!({"acr": "gold"}),
        json!({"acr": "silver", "auth_time": now()}),
        json!({"acr": "gold", "auth_time": now() - 90}),
        json!({"acr": "gold", "auth_time": now() + 60}),
        json!({"acr": ["gold"], "auth_time": now()}),
        json!({"acr": "gold", "auth_time": now().to_string()}),
    ] {
        let answer = world.plain(&claims, "pay");
        assert_eq!(answer.status, 401, "{claims}: {answer:?}");
        let challenge = answer.header("www-authenticate").unwrap();
        for part in [
            "Bearer error=\"insufficient_user_authentication\"",
            "acr_values=\"gold platinum\"",
            "max_age=\"60\"",
            "scope=\"tools:call\"",
            "resource_metadata=\"",
        ] {
            assert!(challenge.contains(part), "{part}: {challenge}");
        }
        assert_eq!(world.last().0, "step_up_required");
    }
    let good = json!({"acr": "platinum", "auth_time": now() - 5});
    assert_eq!(world.plain(&good, "pay").status, 200);
    // A missing scope is said first: one more sign-in would not help.
    let missing = world.plain(&json!({"scope": "other"}), "pay");
    assert_eq!((missing.status, world.last().0.as_str()), (403, "scope_missing"));
}

#[test]
fn a_scope_of_one_patient_is_good_for_that_patient() {
    let world = World::start("access-patient");
    let call = |claims: &Value, arguments: &Value| world.call(claims, "chart", arguments, &json!({})).status;
    let launched = json!({"scope": "patient/*.rs", "patient": "p-7"});
    assert_eq!(call(&launched, &json!({"patient": "p-7"})), 200);
    assert_eq!(call(&launched, &json!({"patient": "Patient/p-7"})), 200);
    for (detail, claims, arguments) in [
        ("another patient", &launched, json!({"patient": "p-8"})),
        ("the call names no patient", &launched, json!({})),
        ("the call names no patient", &launched, json!({"patient": "p-7,p-8"})),
        ("the token names no patient", &json!({"scope": "patient/*.rs"}), json!({"patient": "p-7"})),
    ] {
        assert_eq!(call(claims, &arguments), 403, "{arguments}");
        assert_eq!(world.last(), ("patient_refused".into(), detail.into()));
    }
}

#[test]
fn a_purpose_is_needed_where_the_rules_name_one() {
    let world = World::start("access-purpose");
    for (claims, status) in [
        (json!({"scope": "notes:read", "purpose_of_use": "TREAT"}), 200),
        (
            json!({"scope": "notes:read", "extensions": {"hl7-b2b": {"purpose_of_use": ["urn:oid:2.16.840.1.113883.5.8#TREAT"]}}}),
            200,
        ),
        (json!({"scope": "notes:read", "purpose_of_use": "HPAYMT"}), 403),
        (json!({"scope": "notes:read", "purpose_of_use": "BTG"}), 403),
        (json!({"scope": "notes:read"}), 403),
    ] {
        assert_eq!(world.plain(&claims, "note").status, status, "{claims}");
        assert_eq!(world.last().0, if status == 200 { "ok" } else { "purpose_refused" });
    }
}

#[test]
fn the_glass_is_broken_for_one_person_and_somebody_else_looks_at_it() {
    let world = World::start("access-glass");
    let btg = |more: Value| {
        let mut claims =
            json!({"sub": "chen", "scope": "tools:call", "purpose_of_use": "BTG", "auth_time": now()});
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        claims
    };
    let reason = json!({"io.portcullis/break-glass": {"reason": "cardiac-arrest"}});
    let call = |claims: &Value, patient: &str, meta: &Value| {
        world.call(claims, "note", &json!({"patient": patient}), meta)
    };
    assert_eq!(call(&btg(json!({})), "p-7", &json!({})).status, 403, "a purpose alone opens nothing");
    assert_eq!(world.last().0, "scope_missing");
    for (detail, claims, patient, meta) in [
        ("the token states no purpose of emergency", btg(json!({"purpose_of_use": "TREAT"})), "p-7", &reason),
        (
            "a reason is needed, as one of the codes that are known here",
            btg(json!({})),
            "p-7",
            &json!({"io.portcullis/break-glass": {"reason": "curiosity"}}),
        ),
        (
            "a reason is needed, as one of the codes that are known here",
            btg(json!({})),
            "p-7",
            &json!({"io.portcullis/break-glass": true}),
        ),
        ("one person must be named", btg(json!({})), "p-7, p-8", &reason),
    ] {
        assert_eq!(call(&claims, patient, meta).status, 403, "{detail}");
        assert_eq!(world.last(), ("emergency_refused".into(), detail.into()));
    }
    for several in [
        "P1;P2",
        "P1\nP2",
        "P1%2CP2",
        "P1&patient=P2",
        "P1/../P2",
        "P1+P2",
        "P1\u{a0}P2",
        "P1、P2",
        "Patient/P1/Patient/P2",
        "%",
        "P_",
        "..",
        "",
    ] {
        assert_eq!(call(&btg(json!({})), several, &reason).status, 403, "{several}");
        assert_eq!(world.last().1, "one person must be named", "{several}");
    }
    let stale = call(&btg(json!({"auth_time": now() - 90})), "p-7", &reason);
    assert_eq!(stale.status, 401, "{stale:?}");
    assert_eq!(world.last().0, "step_up_required");
    assert!(!world.gate.state.join("reviews").exists(), "nothing was opened so far");

    let answer = call(&btg(json!({})), "p-7", &reason);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.body.contains("seen today"), "{answer:?}");
    assert!(!answer.body.contains("536-90-4399"), "what is released is filtered as ever: {answer:?}");
    let decision =
        records(&world.gate.state).into_iter().rev().find(|record| record["event"] == "decision").unwrap();
    let emergency = &decision["emergency"];
    assert_eq!((&emergency["purpose"], &emergency["reason"]), (&json!("BTG"), &json!("cardiac-arrest")));
    assert_eq!(emergency["opened"], true);
    assert!(!decision.to_string().contains("p-7"), "{decision}");
    let log = std::fs::read_to_string(world.gate.state.join("log")).unwrap();
    assert!(log.contains("break-glass") && !log.contains("p-7"), "{log}");
    assert_eq!(call(&btg(json!({})), "p-8", &reason).status, 403);
    assert_eq!(world.last().1, "one is open for another person");
    assert_eq!(call(&btg(json!({})), "p-7", &reason).status, 200, "it goes on for the same person");

    let listed = said(&world.review(&["list", "--open"]));
    for part in ["cardiac-arrest", "chen", "p-7", "records.note", "awaits review"] {
        assert!(listed.contains(part), "{part}: {listed}");
    }
    let id = emergency["review"].as_str().unwrap();
    for (who, scope, why) in [
        ("chen", "portcullis:review", "nobody reviews what they did themselves"),
        ("amara", "tools:call", "lacks the scope portcullis:review"),
    ] {
        let output = world.review(&["approve", id, "--token", &world.reviewer(who, scope)]);
        assert!(!output.status.success() && said(&output).contains(why), "{}", said(&output));
    }
    // Whose tokens a security event has revoked reviews nothing either.
    let revoked = Whose::Person { issuer: world.authority.url().to_owned(), subject: "dara".to_owned() };
    let revocations = Revocations::open(&world.gate.state, 3600, None).unwrap();
    tokio::runtime::Runtime::new().unwrap().block_on(revocations.revoke(&revoked, now() + 5, now())).unwrap();
    let output = world.review(&["approve", id, "--token", &world.reviewer("dara", "portcullis:review")]);
    assert!(!output.status.success() && said(&output).contains("revoked"), "{}", said(&output));
    let output = world.review(&["reject", id, "--token", &world.reviewer("amara", "portcullis:review")]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&world.review(&["list"])).contains("rejected"));
    assert_eq!(call(&btg(json!({})), "p-7", &reason).status, 403);
    assert_eq!(world.last().1, "an earlier one was found to be without cause");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    let recorded = || {
        let verdict = records(&world.gate.state).into_iter().find(|record| record["event"] == "review");
        verdict.is_some_and(|verdict| verdict["review"] == id && verdict["approved"] == false)
    };
    while !recorded() {
        assert!(std::time::Instant::now() < deadline, "the verdict is not in the journal");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}
