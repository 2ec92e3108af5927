//! Stage 3: may this caller do this, and what of the result may be seen.
//!
//! Invariant: whatever is not an explicit, well-formed `allow` of the Rego policy is
//! a denial; obligations only ever take away.

mod access;
pub mod engine;
pub mod input;

use crate::catalogue::{Catalogue, Definition};
use crate::model::call::Call;
use crate::model::denial::Denial;
use crate::model::ids::ServerName;
use crate::model::scope::Scopes;
use crate::model::sensitive::Sensitive;
use crate::model::stage::Stage;
use crate::model::trail::Event;
use crate::redact::plan::Plan;
use crate::redact::rules::Rules;
use crate::redact::tools::{Narrowing, Pattern, ServerRules, ToolRules};
use crate::request::{Grant, ItemGrant, MessageGrant, Request, Shown, Target, Task};
use crate::session::Bound;
use crate::store::lineages::Lineages;
use crate::store::reviews::Reviews;
use crate::wire::capabilities::Offers;
use crate::wire::method::Method;
use access::Emergency;
use engine::{Decision, Policies};
use input::{Input, Tool};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

/// Rules and policies of one revision, and what is known of tools and callers.
pub struct Decider<'d> {
    pub policies: &'d Policies,
    pub rules: &'d Rules,
    /// Names rules and policies together; goes into every record.
    pub version: &'d str,
    pub catalogue: &'d Catalogue,
    pub lineages: &'d Lineages,
    /// Where emergencies are put down.
    pub reviews: &'d Reviews,
}

/// What is asked for: whose tool, prompt or resource it is, and the rules that it obeys.
type Subject<'s> = (&'s ServerName, &'s Target, &'s ToolRules);

/// In what standing a caller is judged.
struct Stand<'s> {
    scopes: &'s Scopes,
    /// The purpose of an emergency.
    emergency: Option<&'s str>,
}

impl<'s> Stand<'s> {
    fn usual(request: &'s Request) -> Self {
        Self { scopes: &request.principal.scopes, emergency: None }
    }
}

/// A permitted request. Made only by [`Decider::permit`].
pub struct Permitted {
    request: Request,
    token: Sensitive<String>,
    grant: Grant,
}

impl Decider<'_> {
    /// # Errors
    /// [`Denial::ToolUnknown`], [`Denial::ToolChanged`], [`Denial::RulesMisfit`], [`Denial::ScopeMissing`],
    /// [`Denial::PolicyRefused`], [`Denial::PolicyUnavailable`], [`Denial::StepUpRequired`],
    /// [`Denial::PurposeRefused`], [`Denial::PatientRefused`], [`Denial::EmergencyRefused`], or
    /// [`Denial::MethodRefused`] for a part of MCP that the server's rules leave out.
    pub fn permit(&self, call: &mut Call, bound: Bound) -> Result<Permitted, Denial> {
        call.enter(Stage::Policy);
        let (request, token) = bound.into_parts();
        let federation = self.catalogue.federation(&request.server);
        let none = federation.map(|_| ServerRules::none(&request.server));
        let rules = self.rules.server(&request.server).or(none.as_ref());
        let rules = rules.ok_or(Denial::MethodRefused)?;
        offered(&request, rules)?;
        let mut grant =
            Grant { rules_version: self.version.to_owned(), messages: messages(rules), ..Grant::default() };
        // Of its own a federation has no tool with rules, and yet offers its members'.
        grant.messages.offers.tools |= federation.is_some();
        if let Some(federation) = federation {
            let members = federation.members().filter_map(|member| self.rules.server(member));
            let names: Vec<String> =
                members.chain([rules]).filter_map(|rules| rules.messages.profile.clone()).collect();
            // What its list says of tools obeys every member's rules at once.
            let detection = self.rules.detection(&names).map_err(|_| Denial::PolicyUnavailable)?;
            grant.messages.plan = Plan::everything(detection);
        }
        match &request.target {
            Some(target) => {
                grant.item = Some(self.item(call, &request, target)?);
                if request.method() == Method::DirectoryRead {
                    grant.shown = self.shown(call, &request, rules.resources());
                }
            }
            None => {
                let decision = self.decide(call, &request, None, Value::Null, &Stand::usual(&request))?;
                self.record(call, &decision);
                refuse(&decision)?;
                match request.method() {
                    Method::ToolsList => grant.tools = self.listed(call, &request),
                    Method::PromptsList => grant.shown = self.shown(call, &request, rules.prompts()),
                    Method::ResourcesList | Method::ResourcesTemplatesList => {
                        grant.shown = self.shown(call, &request, rules.resources());
                    }
                    Method::SubscriptionsListen => {
                        self.subscribes(call, &request)?;
                        for (task, Task { tool, hidden }) in &request.tasks {
                            let mut item = self.item(call, &request, &Target::Tool(tool.clone()))?;
                            item.hidden.clone_from(hidden);
                            grant.tasks.insert(task.clone(), item);
                        }
                    }
                    _ => {}
                }
            }
        }
        Ok(Permitted { request, token, grant })
    }

    fn item(&self, call: &mut Call, request: &Request, target: &Target) -> Result<ItemGrant, Denial> {
        let rules = self.rules_of(request, target).ok_or(Denial::ToolUnknown)?;
        let arguments = match target {
            Target::Tool(_) => request.message.arguments(),
            Target::Prompt(_) | Target::Resource(_) => {
                request.message.params.get("arguments").cloned().unwrap_or(Value::Null)
            }
        };
        let emergency = Emergency::asked(call, request, rules, &arguments)?;
        let own = &request.principal.scopes;
        let held = &emergency.as_ref().map_or_else(|| own.clone(), |emergency| emergency.with(own));
        let stand = Stand { scopes: held, emergency: emergency.as_ref().map(|emergency| emergency.purpose) };
        let subject = Some((&request.server, target, rules));
        let decision = self.decide(call, request, subject, arguments.clone(), &stand)?;
        self.record(call, &decision);
        refuse(&decision)?;
        access::check(call, &request.principal, rules, &arguments, emergency.is_some())?;
        let definition = match target {
            Target::Tool(name) => {
                let definition = self.catalogue.tool(&request.server, name).ok_or(Denial::ToolUnknown)?;
                if definition.changed {
                    return Err(Denial::ToolChanged);
                }
                if !self.fit(&request.server, &definition) {
                    return Err(Denial::RulesMisfit);
                }
                Some(definition)
            }
            Target::Prompt(_) | Target::Resource(_) => None,
        };
        let shape = definition.as_ref().and_then(|definition| definition.shape.clone());
        let plan = self.rules.plan(rules, held, shape, &decision.narrowing);
        let plan = plan.ok_or(Denial::PolicyUnavailable)?;
        // Last, so that nothing is put down which is refused for another reason.
        if let Some(emergency) = &emergency {
            emergency.open(call, request, self.reviews)?;
        }
        Ok(ItemGrant {
            definition,
            plan,
            blobs: rules.blobs.clone(),
            arguments: rules.arguments.clone(),
            restore: rules.restore.iter().filter(|rule| rule.applies(held)).cloned().collect(),
            hidden: request.hidden.clone(),
        })
    }

    /// Whether every path of a tool's rules can fire: a redaction that cannot is a leak.
    fn fit(&self, server: &ServerName, tool: &Definition) -> bool {
        self.rules.misfits(server, &tool.name, tool.shape.as_deref(), &tool.input).is_empty()
    }

    fn rules_of(&self, request: &Request, target: &Target) -> Option<&ToolRules> {
        let server = self.rules.server(&request.server)?;
        match target {
            Target::Tool(name) => server.tool(name),
            Target::Prompt(name) => server.prompt(name),
            Target::Resource(uri) => server.resource(uri),
        }
    }

    /// The tools that this caller could call, were its arguments acceptable, by the name
    /// that it calls them.
    fn listed(&self, call: &Call, request: &Request) -> HashMap<String, Arc<Definition>> {
        let tools: Vec<_> = match self.catalogue.federation(&request.server) {
            None => self.visible(call, request, &request.server).collect(),
            Some(federation) => {
                let listed = |member| {
                    let visible = self.visible(call, request, member);
                    visible.filter_map(move |tool| federation.listed(member, &tool))
                };
                federation.members().flat_map(listed).collect()
            }
        };
        tools.into_iter().map(|tool| (tool.name.clone(), tool)).collect()
    }

    fn visible(
        &self,
        call: &Call,
        request: &Request,
        server: &ServerName,
    ) -> impl Iterator<Item = Arc<Definition>> {
        self.catalogue.tools(server).unwrap_or_default().into_iter().filter(move |tool| {
            let servable = !tool.changed && self.fit(server, tool);
            let rules = self.rules.tool(server, &tool.name).filter(|_| servable);
            let target = Target::Tool(tool.name.clone());
            rules.is_some_and(|rules| self.may(call, request, (server, &target, rules)))
        })
    }

    /// By rule, whether this caller may see the prompts or resources it is for.
    fn shown<'r>(
        &self,
        call: &Call,
        request: &Request,
        rules: impl Iterator<Item = (Pattern, &'r ToolRules)>,
    ) -> Shown {
        let prompts = request.method() == Method::PromptsList;
        let shown = rules.map(|(pattern, rules)| {
            let name = pattern.as_str().to_owned();
            let target = if prompts { Target::Prompt(name) } else { Target::Resource(name) };
            let may = self.may(call, request, (&request.server, &target, rules));
            (pattern, may)
        });
        Shown(shown.collect())
    }

    /// A caller hears of changes of those resources alone that it may read.
    fn subscribes(&self, call: &Call, request: &Request) -> Result<(), Denial> {
        let wanted = request
            .message
            .params
            .get("notifications")
            .and_then(|wanted| wanted.get("resourceSubscriptions"));
        for uri in wanted.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            let target = Target::Resource(uri.to_owned());
            let rules = self.rules_of(request, &target).ok_or(Denial::ToolUnknown)?;
            let subject = Some((&request.server, &target, rules));
            refuse(&self.decide(call, request, subject, Value::Null, &Stand::usual(request))?)?;
            access::check(call, &request.principal, rules, &Value::Null, false)?;
        }
        Ok(())
    }

    fn may(&self, call: &Call, request: &Request, subject: Subject<'_>) -> bool {
        let decision = self.decide(call, request, Some(subject), json!({}), &Stand::usual(request));
        decision.is_ok_and(|decision| decision.allow)
    }

    fn decide(
        &self,
        call: &Call,
        request: &Request,
        subject: Option<Subject<'_>>,
        arguments: Value,
        stand: &Stand<'_>,
    ) -> Result<Decision, Denial> {
        let now = call.clock.now();
        // What is listed is judged as if it were used.
        let method = match (subject, request.method()) {
            (Some(_), Method::ToolsList) => Method::ToolsCall,
            (Some(_), Method::PromptsList) => Method::PromptsGet,
            (
                Some(_),
                Method::ResourcesList | Method::ResourcesTemplatesList | Method::SubscriptionsListen,
            ) => Method::ResourcesRead,
            (_, method) => method,
        };
        let input = Input {
            method: method.as_str(),
            principal: &request.principal,
            scopes: stand.scopes,
            emergency: stand.emergency,
            tool: subject.map(|(server, target, rules)| Tool {
                kind: target.kind(),
                server: server.as_str(),
                name: target.name(),
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

/// What a server's rules serve.
pub fn offers(rules: &ServerRules) -> Offers {
    Offers {
        tools: rules.named().next().is_some(),
        prompts: rules.prompts().next().is_some(),
        resources: rules.resources().next().is_some(),
    }
}

/// Whether the server's rules serve this part of MCP at all.
fn offered(request: &Request, rules: &ServerRules) -> Result<(), Denial> {
    let offers = offers(rules);
    let served = match request.method() {
        Method::PromptsList | Method::PromptsGet => offers.prompts,
        Method::ResourcesList
        | Method::ResourcesTemplatesList
        | Method::ResourcesRead
        | Method::ResourcesSubscribe
        | Method::ResourcesUnsubscribe => offers.resources,
        Method::Response => {
            let asked = request.answers.as_ref().and_then(|question| question.asking.feature());
            asked.is_none_or(|feature| rules.messages.allowed.contains(&feature))
        }
        _ => true,
    };
    let feature = request.method().feature();
    let allowed = feature.is_none_or(|feature| rules.messages.allowed.contains(&feature));
    if served && allowed { Ok(()) } else { Err(Denial::MethodRefused) }
}

fn messages(rules: &ServerRules) -> MessageGrant {
    MessageGrant {
        plan: Plan::everything(rules.messages.detection.clone()),
        allowed: rules.messages.allowed.clone(),
        declared: rules.messages.declared,
        offers: offers(rules),
        arguments: rules.messages.arguments.clone(),
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
        scopes: &principal.scopes,
        emergency: None,
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
