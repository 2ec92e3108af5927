//! Scopes that no issuer grants, by the lists that issuers keep of theirs.

use super::note;
use crate::config::build::Checked;
use crate::model::nearest::meant;
use crate::model::scope::Scopes;
use crate::pipeline::Gate;
use crate::redact::tools::{ServerRules, ToolRules};
use std::collections::BTreeMap;

/// The scopes that rules name, each with its first place, but for those that others imply.
pub(super) fn named(checked: &Checked) -> BTreeMap<String, String> {
    let implied: Vec<&String> = checked.file.scopes.implies.values().flatten().collect();
    let rules = checked.rulebook.rules.servers();
    let here = rules.filter(|rules| checked.file.upstreams.contains_key(rules.server.as_str()));
    let mut named = BTreeMap::new();
    for (scope, origin) in here.flat_map(ServerRules::all).flat_map(ToolRules::named_scopes) {
        if !implied.iter().any(|implied| *implied == scope) {
            named.entry(scope.to_owned()).or_insert_with(|| origin.to_string());
        }
    }
    named
}

/// Notes, since such a list need not be whole (RFC 8414 §2). Nothing is said where an issuer
/// keeps none.
pub(super) async fn look(gate: &Gate, named: &BTreeMap<String, String>) {
    let mut granted: Vec<String> = Vec::new();
    for issuer in gate.identity.issuers() {
        match issuer.listed("scopes_supported").await {
            Ok(Some(scopes)) => granted.extend(scopes),
            Ok(None) | Err(_) => return,
        }
    }
    // Of SMART on FHIR, a scope is held within others.
    let all: Scopes = granted.iter().cloned().collect();
    for (scope, place) in named.iter().filter(|(scope, _)| !all.contains(scope)) {
        let meant = meant(scope, granted.iter().map(String::as_str));
        let said = format!(
            "no issuer has `{scope}` ({place}) among its `scopes_supported`: see how it is spelt, and that it is \
             granted{meant}"
        );
        note("scopes", &said);
    }
}
