//! Conditions of a call beyond scopes: how and when the person signed in, the purpose of
//! use, the patient that a token is for, and emergency access.
//!
//! Invariant: an emergency is never a way around. It stands in for the scopes that the
//! tool's rules name and for the purpose, for one person and a quarter of an hour; policy
//! still decides, and what is released is still filtered.

use crate::model::call::Call;
use crate::model::denial::{Denial, StepUp};
use crate::model::principal::Principal;
use crate::model::purpose::{self, BTG, ETREAT};
use crate::model::scope::Scopes;
use crate::model::smart;
use crate::model::trail::Event;
use crate::redact::tools::{BreakGlass, StepUpRule, ToolRules};
use crate::request::Request;
use crate::store::reviews::{NotOpened, Occasion, Reviews};
use serde_json::Value;
use std::collections::BTreeSet;

/// Seconds since the sign-in of one who breaks the glass, where the rules do not say.
const FRESH: u64 = 300;
/// Seconds by which an issuer's clock may be ahead.
const AHEAD: u64 = 10;

/// Emergency access whose conditions hold; nothing was opened yet.
pub(super) struct Emergency<'e> {
    rule: &'e BreakGlass,
    reason: &'e str,
    pub(super) purpose: &'static str,
    patient: String,
    signed_in: u64,
}

impl<'e> Emergency<'e> {
    /// What the request asks for; None if it asks for none.
    ///
    /// # Errors
    /// [`Denial::EmergencyRefused`] or [`Denial::StepUpRequired`].
    pub(super) fn asked(
        call: &Call,
        request: &'e Request,
        rules: &'e ToolRules,
        arguments: &Value,
    ) -> Result<Option<Self>, Denial> {
        let Some(asked) = &request.stated.emergency else { return Ok(None) };
        let refused = |what| Err(Denial::EmergencyRefused(what));
        let Some(rule) = &rules.access.break_glass else { return refused("this is open to none") };
        let purposes = purpose::of(&request.principal.claims);
        let purpose = [BTG, ETREAT].into_iter().find(|code| purposes.contains(*code));
        let Some(purpose) = purpose else { return refused("the token states no purpose of emergency") };
        let reason = asked.reason.as_deref();
        let Some(reason) = reason.filter(|code| rule.reasons.is_empty() || rule.reasons.contains(*code))
        else {
            return refused("a reason is needed, as one of the codes that are known here");
        };
        let Some(patient) = named(arguments, &rule.subject) else {
            return refused("one person must be named");
        };
        let fresh = StepUpRule {
            acr: rule.step_up.acr.clone(),
            max_age: Some(rule.step_up.max_age.unwrap_or(FRESH)),
        };
        let scopes = rules.scopes.clone();
        let signed_in = signed_in(&fresh, &request.principal, call.clock.unix_seconds(), scopes)?;
        Ok(Some(Self { rule, reason, purpose, patient, signed_in: signed_in.unwrap_or_default() }))
    }

    pub(super) fn with(&self, held: &Scopes) -> Scopes {
        self.rule.with(held)
    }

    /// Opens it, or goes on with one that is open for the same person; tells everyone who
    /// is to know.
    ///
    /// # Errors
    /// [`Denial::EmergencyRefused`] or [`Denial::StepUpRequired`].
    pub(super) fn open(&self, call: &mut Call, request: &Request, reviews: &Reviews) -> Result<(), Denial> {
        let principal = &request.principal;
        let occasion = Occasion {
            lineage: &principal.lineage,
            issuer: &principal.issuer,
            person: &principal.subject,
            client: &principal.client,
            server: request.server.as_str(),
            operation: request.target.as_ref().map_or("", |target| target.name()),
            purpose: self.purpose,
            reason: self.reason,
            patient: &self.patient,
            signed_in: self.signed_in,
        };
        let refused = |what| Err(Denial::EmergencyRefused(what));
        let opened = match reviews.open(&occasion, call.clock.unix_seconds()) {
            Ok(opened) => opened,
            Err(NotOpened::AnotherPerson) => return refused("one is open for another person"),
            Err(NotOpened::Unreviewed) => return refused("an earlier one awaits review for too long"),
            Err(NotOpened::Rejected) => return refused("an earlier one was found to be without cause"),
            Err(NotOpened::Unrecorded) => return refused("it cannot be put down for review"),
            Err(NotOpened::SignInAgain) => {
                let max_age = Some(self.rule.step_up.max_age.unwrap_or(FRESH));
                let acr = self.rule.step_up.acr.clone();
                return Err(Denial::StepUpRequired(Box::new(StepUp {
                    acr,
                    max_age,
                    scopes: Scopes::default(),
                })));
            }
        };
        tracing::warn!(
            review = opened.id, server = %request.server, operation = occasion.operation, purpose = self.purpose,
            reason = self.reason, first = opened.first, call = %call.id,
            "break-glass: emergency access, which awaits review"
        );
        call.trail.add(Event::Emergency {
            review: opened.id,
            purpose: self.purpose.to_owned(),
            reason: self.reason.to_owned(),
            subject: opened.subject,
            opened: opened.first,
        });
        Ok(())
    }
}

/// Holds the rules' conditions against the caller. An emergency has had its own.
///
/// # Errors
/// [`Denial::PurposeRefused`], [`Denial::PatientRefused`] or [`Denial::StepUpRequired`].
pub(super) fn check(
    call: &Call,
    principal: &Principal,
    rules: &ToolRules,
    arguments: &Value,
    emergency: bool,
) -> Result<(), Denial> {
    let access = &rules.access;
    if !emergency {
        purposes(&access.purposes, principal)?;
        patient(rules, principal, arguments)?;
    }
    match &access.step_up {
        Some(rule) => signed_in(rule, principal, call.clock.unix_seconds(), rules.scopes.clone()).map(drop),
        None => Ok(()),
    }
}

fn purposes(allowed: &BTreeSet<String>, principal: &Principal) -> Result<(), Denial> {
    if allowed.is_empty() || !purpose::of(&principal.claims).is_disjoint(allowed) {
        return Ok(());
    }
    let allowed: Vec<&str> = allowed.iter().map(String::as_str).collect();
    Err(Denial::PurposeRefused { allowed: allowed.join(" or ") })
}

/// A scope of one patient is good for the patient of the launch alone (SMART App Launch).
fn patient(rules: &ToolRules, principal: &Principal, arguments: &Value) -> Result<(), Denial> {
    if !rules.scopes.iter().any(smart::is_of_patient) {
        return Ok(());
    }
    let launched = principal.claims.get("patient").and_then(Value::as_str);
    let launched = launched.ok_or(Denial::PatientRefused("the token names no patient"))?;
    let argument = rules.access.patient.as_deref().unwrap_or_default();
    match named(arguments, argument) {
        None => Err(Denial::PatientRefused("the call names no patient")),
        Some(asked) if asked == bare(launched) => Ok(()),
        Some(_) => Err(Denial::PatientRefused("another patient")),
    }
}

/// The one person whom an argument names, with or without the type of a FHIR reference. It is an
/// id as FHIR R4 has them (§2.24.0.1): whatever else may name several people to a server that
/// puts it into a URL or a query.
fn named(arguments: &Value, argument: &str) -> Option<String> {
    const LONGEST: usize = 64;
    let name = bare(arguments.get(argument)?.as_str()?);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let one = name.len() <= LONGEST
        && name.bytes().all(plain)
        && name.bytes().any(|byte| byte.is_ascii_alphanumeric());
    one.then(|| name.to_owned())
}

fn bare(reference: &str) -> &str {
    reference.strip_prefix("Patient/").unwrap_or(reference)
}

/// When the person signed in, if that is by the means and as lately as the rule asks.
fn signed_in(
    rule: &StepUpRule,
    principal: &Principal,
    now: u64,
    scopes: Scopes,
) -> Result<Option<u64>, Denial> {
    let claim = |name: &str| principal.claims.get(name);
    let strong = rule.acr.is_empty()
        || claim("acr").and_then(Value::as_str).is_some_and(|acr| rule.acr.iter().any(|one| one == acr));
    let at = claim("auth_time").and_then(Value::as_u64).filter(|at| *at <= now.saturating_add(AHEAD));
    let recent = rule.max_age.is_none_or(|most| at.is_some_and(|at| now.saturating_sub(at) <= most));
    if strong && recent {
        return Ok(at);
    }
    let (acr, max_age) = (rule.acr.clone(), rule.max_age);
    Err(Denial::StepUpRequired(Box::new(StepUp { acr, max_age, scopes })))
}
