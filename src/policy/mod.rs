//! Stage 3: may this caller do this, and what of the result may be seen.
//!
//! Invariant: whatever is not an explicit, well-formed `allow` of the Rego policy is
//! a denial; obligations only ever take away.

pub mod engine;
pub mod input;

use crate::catalogue::Catalogue;
use crate::model::call::Call;
use crate::model::denial::Denial;
use crate::model::scope::Scopes;
use crate::model::sensitive::Sensitive;
use crate::model::trail::Event;
use crate::redact::rules::Rules;
use crate::redact::tools::{Narrowing, ToolRules};
use crate::request::{Grant, Request, ToolGrant};
use crate::session::Bound;
use crate::store::lineages::Lineages;
use crate::wire::method::Method;
use engine::{Decision, Policies};
use input::{Input, Tool};
use serde_json::{Value, json};
use std::sync::Arc;

/// Rules and policies of one revision, and what is known of tools and callers.
pub struct Decider<'d> {
    pub policies: &'d Policies,
    pub rules: &'d Rules,
    /// Names rules and policies together; goes into every record.
    pub version: &'d str,
    pub catalogue: &'d Catalogue,
    pub lineages: &'d Lineages,
}

/// A permitted request. Made only by [`Decider::permit`].
pub struct Permitted {
    request: Request,
    token: Sensitive<String>,
    grant: Grant,
}

impl Decider<'_> {
    /// # Errors
    /// [`Denial::ToolUnknown`], [`Denial::ToolChanged`], [`Denial::ScopeMissing`],
    /// [`Denial::PolicyRefused`] or [`Denial::PolicyUnavailable`].
    pub fn permit(&self, call: &mut Call, bound: Bound) -> Result<Permitted, Denial> {
        let (request, token) = bound.into_parts();
        let mut grant = Grant { rules_version: self.version.to_owned(), ..Grant::default() };
        match request.message.tool() {
            Some(name) => grant.call = Some(self.tool(call, &request, name)?),
            None => {
                let decision = self.decide(call, &request, None, Value::Null)?;
                self.record(call, &decision);
                refuse(&decision)?;
                if request.method() == Method::ToolsList {
                    grant.listed = self.listed(call, &request);
                }
            }
        }
        Ok(Permitted { request, token, grant })
    }

    fn tool(&self, call: &mut Call, request: &Request, name: &str) -> Result<ToolGrant, Denial> {
        let rules = self.rules.tool(&request.server, name).ok_or(Denial::ToolUnknown)?;
        let decision = self.decide(call, request, Some((name, rules)), request.message.arguments())?;
        self.record(call, &decision);
        refuse(&decision)?;
        let definition = self.catalogue.tool(&request.server, name).ok_or(Denial::ToolUnknown)?;
        if definition.changed {
            return Err(Denial::ToolChanged);
        }
        let plan =
            self.rules.plan(rules, &request.principal.scopes, definition.shape.clone(), &decision.narrowing);
        let plan = plan.ok_or(Denial::PolicyUnavailable)?;
        Ok(ToolGrant { definition, plan, blobs: rules.blobs })
    }

    /// The tools that this caller could call, were its arguments acceptable.
    fn listed(
        &self,
        call: &Call,
        request: &Request,
    ) -> std::collections::HashMap<String, Arc<crate::catalogue::Definition>> {
        let all = self.catalogue.tools(&request.server).unwrap_or_default();
        let may = |name: &str| {
            let rules = self.rules.tool(&request.server, name)?;
            self.decide(call, request, Some((name, rules)), json!({})).ok().filter(|decision| decision.allow)
        };
        let visible = all.into_iter().filter(|tool| !tool.changed && may(&tool.name).is_some());
        visible.map(|tool| (tool.name.clone(), tool)).collect()
    }

    fn decide(
        &self,
        call: &Call,
        request: &Request,
        tool: Option<(&str, &ToolRules)>,
        arguments: Value,
    ) -> Result<Decision, Denial> {
        let now = call.clock.now();
        let method = if tool.is_some() { Method::ToolsCall } else { request.method() };
        let input = Input {
            method: method.as_str(),
            principal: &request.principal,
            tool: tool.map(|(name, rules)| Tool {
                server: request.server.as_str(),
                name,
                labels: &rules.labels,
                scopes: rules.scopes.iter().collect(),
            }),
            arguments,
            subjects: self.lineages.disclosed(&request.principal.lineage, now),
            time: now.as_secs(),
        };
        self.policies.decide(&input).map_err(|fault| {
            tracing::error!(%fault, call = %call.id, "decide by policy");
            Denial::PolicyUnavailable
        })
    }

    fn record(&self, call: &mut Call, decision: &Decision) {
        let (allow, reason) = (decision.allow, decision.reason.clone());
        call.trail.add(Event::Decided { allow, reason, policy: self.version.to_owned() });
    }
}

fn refuse(decision: &Decision) -> Result<(), Denial> {
    let reason = decision.reason.clone();
    match (decision.allow, decision.scopes.is_empty()) {
        (true, _) => Ok(()),
        (false, true) => Err(Denial::PolicyRefused { reason }),
        (false, false) => Err(Denial::ScopeMissing { required: decision.scopes.clone(), reason }),
    }
}

impl Permitted {
    pub fn request(&self) -> &Request {
        &self.request
    }

    pub fn grant(&self) -> &Grant {
        &self.grant
    }

    pub fn into_parts(self) -> (Request, Sensitive<String>, Grant) {
        (self.request, self.token, self.grant)
    }
}

/// What a policy decision comes to for one role and one tool, for the matrix.
pub fn judge(
    policies: &Policies,
    principal: &crate::model::principal::Principal,
    tool: &Tool<'_>,
) -> Option<Decision> {
    let input = Input {
        method: Method::ToolsCall.as_str(),
        principal,
        tool: Some(tool.clone()),
        arguments: json!({}),
        subjects: 0,
        time: 0,
    };
    policies.decide(&input).ok()
}

impl Decision {
    fn of(allow: bool, reason: String, scopes: Scopes, narrowing: Narrowing) -> Self {
        Self { allow, reason, scopes, narrowing }
    }
}
