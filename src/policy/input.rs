//! What the policy is told. Typed, so that no field it relies on can be absent: an
//! absent field is undefined in Rego, and undefined is not false.

use crate::model::principal::Principal;
use crate::model::purpose;
use crate::model::scope::Scopes;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The input document of one decision.
pub struct Input<'i> {
    pub method: &'static str,
    pub principal: &'i Principal,
    /// What is held, those scopes included that an emergency stands in for.
    pub scopes: &'i Scopes,
    /// The purpose of an emergency.
    pub emergency: Option<&'i str>,
    pub tool: Option<Tool<'i>>,
    pub arguments: Value,
    /// Distinct data subjects this lineage has been told of in the window.
    pub subjects: usize,
    /// Seconds since the epoch. Policies get time from here alone.
    pub time: u64,
}

/// The tool, prompt or resource that is asked for.
#[derive(Clone, Debug)]
pub struct Tool<'i> {
    /// `tool`, `prompt` or `resource`.
    pub kind: &'static str,
    pub server: &'i str,
    pub name: &'i str,
    pub labels: &'i [String],
    /// The scopes that the tool's rules ask for.
    pub scopes: Vec<&'i str>,
}

impl Input<'_> {
    pub(super) fn to_json(&self) -> Value {
        let principal = self.principal;
        // A policy compares names: what others include is put beside them by its own.
        let needed = self.tool.iter().flat_map(|tool| tool.scopes.iter().copied());
        let granted = needed.filter(|scope| self.scopes.contains(scope));
        let scopes: BTreeSet<&str> = self.scopes.iter().chain(granted).collect();
        json!({
            "method": self.method,
            "principal": {
                "issuer": principal.issuer, "subject": principal.subject, "client": principal.client,
                "scopes": scopes,
                "purposes": purpose::of(&principal.claims),
                "actors": principal.actors, "claims": principal.claims,
            },
            "tool": self.tool.as_ref().map(|tool| json!({
                "kind": tool.kind, "server": tool.server, "name": tool.name, "labels": tool.labels, "scopes": tool.scopes,
            })),
            "emergency": self.emergency,
            "arguments": self.arguments,
            "session": {"subjects": self.subjects},
            "time": self.time,
        })
    }
}
