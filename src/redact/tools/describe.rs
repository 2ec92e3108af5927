//! The effective plan of a tool in words, for `portcullis check --explain`.

use super::ToolRules;
use crate::model::ids::Entity;
use crate::model::scope::Scopes;
use crate::redact::plan::TextMode;
use std::collections::BTreeMap;
use std::fmt::Write as _;

impl ToolRules {
    /// What the rules do for a caller who holds these scopes, or for whom if none are given.
    pub fn describe(&self, held: Option<&Scopes>) -> String {
        let mut out = String::new();
        let mut line = |text: &str| {
            let _ = writeln!(out, "  {text}");
        };
        let needed = if self.scopes.is_empty() { "any token".to_owned() } else { self.scopes.to_string() };
        let missing = held.and_then(|held| self.scopes.iter().find(|scope| !held.contains(scope)));
        match missing {
            Some(missing) => line(&format!("call      refused: needs {needed}, and {missing} is not held")),
            None => line(&format!("call      needs {needed}")),
        }
        for rule in &self.release {
            let scope = rule.scope.as_deref().unwrap_or("every caller");
            let holds = rule.scope.as_ref().is_none_or(|scope| held.is_none_or(|held| held.contains(scope)));
            let (what, whom) = if holds { ("shows", "for") } else { ("hides", "without") };
            line(&format!("{what:<9} {:<32} {whom} {scope}  ({})", rule.path.as_str(), rule.origin));
        }
        for rule in &self.redact {
            let unless = rule.unless.as_ref().map(|scope| format!(" unless {scope}")).unwrap_or_default();
            let when = rule.when.as_ref().map(|scope| format!(" for {scope}")).unwrap_or_default();
            let idle = held.is_some_and(|held| !rule.applies(held));
            let what = if idle { "lifted" } else { rule.redaction.operator.name() };
            line(&format!("{what:<9} {:<32}{when}{unless}  ({})", rule.path.as_str(), rule.origin));
        }
        for rule in &self.restore {
            let idle = held.is_some_and(|held| !rule.applies(held));
            let when = rule.when.as_ref().map(|scope| format!(" for {scope}")).unwrap_or_default();
            let what = if idle { "no values" } else { "restores" };
            let entities: Vec<&str> = rule.entities.iter().map(Entity::as_str).collect();
            let path = rule.path.as_str();
            line(&format!(
                "{what:<9} {path:<32} {} in arguments{when}  ({})",
                entities.join(", "),
                rule.origin
            ));
        }
        self.describe_detectors(&mut line);
        line(&format!("text      {}", text(self.text)));
        line(&format!("blobs     {}", self.blobs.describe()));
        out.truncate(out.trim_end().len());
        out
    }

    fn describe_detectors(&self, line: &mut impl FnMut(&str)) {
        let Some((profile, detection)) = self.profile.as_ref().zip(self.detection.as_ref()) else {
            return line("detectors none: what is shown is shown as it is");
        };
        line(&format!("detectors of {profile}, on every value, number and member name shown:"));
        let mut by_operator: BTreeMap<u8, (&str, Vec<&str>)> = BTreeMap::new();
        for (entity, operator) in detection.operators.iter() {
            by_operator
                .entry(operator.shows())
                .or_insert((operator.name(), Vec::new()))
                .1
                .push(entity.as_str());
        }
        for (_, (operator, mut entities)) in by_operator {
            entities.sort_unstable();
            line(&format!("  {operator:<8} {}", entities.join(", ")));
        }
    }
}

fn text(mode: TextMode) -> &'static str {
    match mode {
        TextMode::Same => "JSON by the same rules; other text where the whole document is shown",
        TextMode::Detect => "JSON by the same rules; other text through the detectors",
        TextMode::Drop => "dropped",
    }
}
