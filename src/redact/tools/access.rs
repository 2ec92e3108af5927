//! Under which conditions a tool may be called, beyond scopes: how the person signed in, for
//! what purpose, for which patient; and what an emergency lifts.

use crate::model::fault::SourceFault;
use crate::model::scope::Scopes;
use crate::model::smart;
use crate::redact::tools::file::ToolFile;
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::collections::BTreeSet;

/// How the person must have signed in (RFC 9470).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StepUpRule {
    /// Any of these values of `acr`.
    pub acr: Vec<String>,
    /// Seconds since (`auth_time`).
    pub max_age: Option<u64>,
}

/// Emergency access to one tool.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BreakGlass {
    /// The argument that names the one person whom it is about.
    pub subject: String,
    /// The scopes that the emergency stands in for.
    #[serde(default)]
    pub grants: Vec<String>,
    /// Of these reasons; of any by default.
    #[serde(default)]
    pub reasons: BTreeSet<String>,
    #[serde(default)]
    pub step_up: StepUpRule,
}

/// The conditions of one tool, prompt or resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    pub step_up: Option<StepUpRule>,
    /// Of these purposes of use the token must state one; none where there are none.
    pub purposes: BTreeSet<String>,
    /// The argument that names the patient.
    pub patient: Option<String>,
    pub break_glass: Option<BreakGlass>,
}

impl Access {
    pub(super) fn read(
        file: &str,
        name: &str,
        tool: &Spanned<ToolFile>,
        faults: &mut Vec<SourceFault>,
    ) -> Self {
        let raw = &tool.value;
        let mut fault = |message: String| faults.push(SourceFault::at(file, tool, message));
        let granted = raw.break_glass.iter().flat_map(|rule| &rule.grants);
        for scope in raw.scopes.iter().chain(granted) {
            if smart::is_meant(scope) && !smart::is_valid(scope) {
                fault(format!("`{scope}` is no SMART scope: its letters are some of `cruds`, in that order"));
            }
        }
        if raw.patient.is_none() && raw.scopes.iter().any(|scope| smart::is_of_patient(scope)) {
            fault(format!(
                "`{name}` needs a scope of one patient: name the argument that says which, as `patient`"
            ));
        }
        let of_patient = raw.scopes.iter().any(|scope| smart::is_of_patient(scope));
        if of_patient
            && let (Some(patient), Some(rule)) = (&raw.patient, &raw.break_glass)
            && *patient != rule.subject
        {
            fault(format!(
                "`break_glass` stands in for the patient of the token, so its `subject` must be `{patient}` too"
            ));
        }
        if raw.step_up.as_ref().is_some_and(|rule| *rule == StepUpRule::default()) {
            fault("`step_up` needs `acr`, `max_age` or both".to_owned());
        }
        Self {
            step_up: raw.step_up.clone(),
            purposes: raw.purposes.clone(),
            patient: raw.patient.clone(),
            break_glass: raw.break_glass.clone(),
        }
    }
}

/// What a resource cannot ask for: it is read by its URI, and has no arguments.
pub(super) fn beyond_a_resource(file: &str, name: &str, raw: &Spanned<ToolFile>) -> Option<SourceFault> {
    let asks =
        raw.value.break_glass.is_some() || raw.value.scopes.iter().any(|scope| smart::is_of_patient(scope));
    asks.then(|| {
        let message = format!(
            "`{name}` is read without arguments, so none can name a person: no `break_glass`, no scope of one patient"
        );
        SourceFault::at(file, raw, message)
    })
}

impl BreakGlass {
    /// What is held while it lasts.
    pub fn with(&self, held: &Scopes) -> Scopes {
        held.union(&self.grants.iter().cloned().collect())
    }
}
