//! What is written down of a call: who, what, when, by which rule, with what
//! outcome. Never a value from arguments or results; people by keyed hash.

use crate::model::call::Call;
use crate::model::denial::Denial;
use crate::model::signal::{Signal, Whose};
use crate::model::trail::{Event, Filtered};
use aws_lc_rs::hmac;
use serde_json::{Map, Value, json};
use std::path::Path;

const MAX_TEXT: usize = 128;

/// Keyed hashes for what names a person: whoever holds the key can ask whether a
/// given subject occurs, and nobody else can.
pub struct Pseudonyms {
    key: hmac::Key,
}

impl Pseudonyms {
    /// Reads the key from `directory`, or makes one there for its owner alone.
    ///
    /// # Errors
    /// When the file cannot be read or made.
    pub fn open(directory: &Path) -> std::io::Result<Self> {
        let secret = crate::jose::kept_secret(&directory.join("pseudonym.key"))?;
        Ok(Self { key: hmac::Key::new(hmac::HMAC_SHA256, &secret) })
    }

    /// 128 bits of HMAC-SHA-256 over the class and the value, in base64url.
    pub fn of(&self, class: &str, value: &str) -> String {
        let tag = hmac::sign(&self.key, format!("v1\u{1f}{class}\u{1f}{value}").as_bytes());
        crate::jose::base64url(tag.as_ref().get(..16).unwrap_or_default())
    }
}

/// The record of a decision to forward, written before anything is forwarded.
pub fn decision(call: &Call, pseudonyms: &Pseudonyms) -> Map<String, Value> {
    let mut record = opening("decision", call);
    for event in call.trail.events() {
        describe(event, pseudonyms, &mut record);
    }
    record
}

/// The record of how a call ended, in one word. A refused call has only this one, so it says all.
pub fn outcome(
    call: &Call,
    status: &str,
    denial: Option<&Denial>,
    pseudonyms: &Pseudonyms,
) -> Map<String, Value> {
    let forwarded = call.trail.events().iter().any(|event| matches!(event, Event::Delegated { .. }));
    let mut record = opening(if forwarded { "outcome" } else { "refusal" }, call);
    if !forwarded && denial.is_none() {
        record.insert("event".into(), json!("answered"));
    }
    for event in call.trail.events() {
        let told = matches!(event, Event::Answered { .. } | Event::Filtered(_) | Event::Killed { .. });
        if told || !forwarded {
            describe(event, pseudonyms, &mut record);
        }
    }
    record.insert("status".into(), json!(status));
    if let Some(detail) = denial.and_then(Denial::detail) {
        record.insert("detail".into(), json!(plain(detail)));
    }
    let micros = u64::try_from(call.elapsed().as_micros()).unwrap_or(u64::MAX);
    record.insert("took_us".into(), json!(micros));
    record
}

/// The record of a security event. Whom it is about is found by the same hashes as callers.
pub fn signal(signal: &Signal, pseudonyms: &Pseudonyms) -> Map<String, Value> {
    let revoked = |whose: &Whose| match whose {
        Whose::Person { subject, .. } => json!({"sub_hmac": pseudonyms.of("sub", subject)}),
        Whose::Session { session, .. } => json!({"sid_hmac": pseudonyms.of("sid", session)}),
        Whose::Token { id, .. } => json!({"jti_hmac": pseudonyms.of("jti", id)}),
    };
    let mut record = Map::new();
    let mut put = |name: &str, value: Value| drop(record.insert(name.to_owned(), value));
    put("event", json!("signal"));
    put("iss", json!(plain(&signal.issuer)));
    put("set_hmac", json!(pseudonyms.of("set", &signal.id)));
    put("events", signal.events.iter().map(|event| plain(event)).collect());
    put("revoked", signal.revoked.iter().map(revoked).collect());
    put("again", json!(signal.again));
    record
}

/// The record of a second person's verdict on an emergency.
pub fn review(id: &str, approved: bool, by: &str, at: u64) -> Map<String, Value> {
    let mut record = Map::new();
    record.insert("event".into(), json!("review"));
    record.insert("review".into(), json!(plain(id)));
    record.insert("approved".into(), json!(approved));
    record.insert("by_lineage".into(), json!(plain(by)));
    record.insert("at".into(), json!(at));
    record
}

fn opening(event: &str, call: &Call) -> Map<String, Value> {
    let mut record = Map::new();
    record.insert("event".into(), json!(event));
    record.insert("call".into(), json!(call.id.as_str()));
    record
}

fn describe(event: &Event, pseudonyms: &Pseudonyms, record: &mut Map<String, Value>) {
    let mut put = |name: &str, value: Value| drop(record.insert(name.to_owned(), value));
    match event {
        Event::Authenticated { issuer, subject, client, token_id, lineage, bound } => put(
            "who",
            json!({
                "iss": plain(issuer), "sub_hmac": pseudonyms.of("sub", subject), "client_id": plain(client),
                "jti_hmac": pseudonyms.of("jti", token_id), "lineage": lineage.as_str(),
                "cnf": bound,
            }),
        ),
        Event::Bound { server, method, revision, tool } => put(
            "what",
            json!({
                "server": server.as_str(), "method": method, "revision": revision,
                "tool": tool.as_ref().map(|tool| plain(tool.as_str())),
            }),
        ),
        Event::Decided { allow, reason, policy } => {
            put("decision", json!({"allow": allow, "reason": plain(reason), "policy": policy}));
        }
        Event::Noted { rule } => put("noted", json!(rule.as_str())),
        Event::Restored(counts) => {
            let counts = counts.iter().map(|(entity, count)| (entity.as_str().to_owned(), json!(count)));
            put("restored", Value::Object(counts.collect()));
        }
        Event::Delegated { mode, audience, scope } => {
            put("delegation", json!({"mode": mode, "aud": plain(audience), "scope": plain(scope)}));
        }
        Event::Answered { status, bytes } => put("upstream", json!({"status": status, "bytes": bytes})),
        Event::Filtered(filtered) => put("filtered", describe_filtered(filtered)),
        Event::Emergency { review, purpose, reason, subject, opened } => put(
            "emergency",
            json!({
                "review": review, "purpose": plain(purpose), "reason": plain(reason), "subject_hmac": subject,
                "opened": opened,
            }),
        ),
        Event::Killed { pattern } => put("killed", json!(pattern)),
    }
}

fn describe_filtered(filtered: &Filtered) -> Value {
    let action = |action: &crate::model::trail::Action| {
        json!({
            "rule": action.rule.as_str(), "entity": action.entity.as_ref().map(|entity| entity.as_str().to_owned()),
            "operator": action.operator, "count": action.count,
        })
    };
    json!({
        "scopes": plain(&filtered.scopes.to_string()), "rules": filtered.rules_version,
        "bytes_in": filtered.bytes_in, "bytes_out": filtered.bytes_out,
        "inspected": filtered.values_inspected, "withheld": filtered.withheld, "subjects": filtered.subjects,
        "actions": filtered.actions.iter().map(action).collect::<Vec<_>>(),
    })
}

/// Text from outside, bounded and without control characters.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect()
}
