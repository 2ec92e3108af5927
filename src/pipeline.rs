//! The way of one call. Every message takes it, whatever its method.
//!
//! Each stage hands on a type that only it can make, holding what went before, so
//! leaving a stage out does not compile:
//!
//! ```compile_fail
//! use portcullis::{exchange::Exchange, model::call::Call, policy::Permitted};
//! async fn skip(exchange: &Exchange, call: &mut Call, permitted: Permitted) {
//!     let _ = exchange.delegate(call, permitted).await; // inspect was skipped
//! }
//! ```
//!
//! while with the stage it does:
//!
//! ```
//! use portcullis::{exchange::Exchange, inspect::Vetted, model::call::Call};
//! async fn pass(exchange: &Exchange, call: &mut Call, vetted: Vetted) {
//!     let _ = exchange.delegate(call, vetted).await;
//! }
//! ```
//!
//! Nor can a stage's proof be forged, since its fields are private:
//!
//! ```compile_fail
//! use portcullis::{request::{Grant, Request}, model::sensitive::Sensitive, inspect::Vetted};
//! fn forge(request: Request, token: Sensitive<String>, grant: Grant) -> Vetted {
//!     Vetted { request, token, grant }
//! }
//! ```

use crate::audit::{Audit, Reply};
use crate::catalogue::Catalogue;
use crate::exchange::Exchange;
use crate::identity::Identity;
use crate::identity::signals::Receiver;
use crate::inspect::Inspector;
use crate::inspect::injection::Injection;
use crate::jose::random_id;
use crate::model::call::Call;
use crate::model::clock::Clock;
use crate::model::denial::Denial;
use crate::model::ids::CallId;
use crate::policy::Decider;
use crate::policy::engine::Policies;
use crate::redact::rules::Rules;
use crate::release::{Release, Released};
use crate::session::Guard;
use crate::store::lineages::Lineages;
use crate::store::reviews::Reviews;
use crate::store::shared::Shared;
use crate::store::vault::Vault;
use crate::upstream::Upstream;
use crate::wire::arrival::Arrival;
use arc_swap::ArcSwap;
use std::sync::Arc;

/// Rules and policies of one revision. Swapped whole; a call keeps the one it began
/// with.
pub struct Rulebook {
    pub rules: Rules,
    pub policies: Policies,
    pub injection: Injection,
    /// Names all of them together.
    pub version: String,
}

/// The gate: all stages, ready.
pub struct Gate {
    pub clock: Clock,
    pub identity: Identity,
    pub guard: Guard,
    pub rulebook: ArcSwap<Rulebook>,
    pub catalogue: Arc<Catalogue>,
    pub lineages: Arc<Lineages>,
    pub vault: Arc<Vault>,
    /// Emergencies, and what became of them.
    pub reviews: Arc<Reviews>,
    pub exchange: Exchange,
    pub upstream: Arc<Upstream>,
    pub release: Release,
    pub audit: Audit,
    /// Where security events may be pushed to the gate.
    pub signals: Option<Receiver>,
    /// What replicas share.
    pub shared: Option<Arc<Shared>>,
}

impl Gate {
    /// Takes one request through all stages and seals how it ended.
    pub async fn pass(&self, arrival: Arrival) -> Reply {
        let mut call = Call::begin(CallId::new(random_id()), self.clock.clone(), arrival.client.clone());
        let outcome = self.walk(&mut call, arrival).await;
        if outcome.as_ref().is_err_and(Denial::stops_the_caller) {
            self.exchange.revoke(&call);
        }
        self.audit.seal(call, outcome).await
    }

    async fn walk(&self, call: &mut Call, arrival: Arrival) -> Result<Released, Denial> {
        let rulebook = self.rulebook.load_full();
        let authenticated = self.identity.authenticate(call, arrival).await?;
        let bound = self.guard.bind(call, authenticated).await?;
        let permitted = self.decider(&rulebook).permit(call, bound)?;
        let vetted = self.inspector(&rulebook).vet(call, permitted)?;
        let delegated = self.exchange.delegate(call, vetted).await?;
        let answered = self.upstream.forward(call, delegated).await?;
        self.release.filter(call, answered).await
    }

    fn decider<'g>(&'g self, rulebook: &'g Rulebook) -> Decider<'g> {
        Decider {
            policies: &rulebook.policies,
            rules: &rulebook.rules,
            version: &rulebook.version,
            catalogue: &self.catalogue,
            lineages: &self.lineages,
            reviews: &self.reviews,
        }
    }

    fn inspector<'g>(&'g self, rulebook: &'g Rulebook) -> Inspector<'g> {
        let Rulebook { injection, rules, .. } = rulebook;
        Inspector { injection, entities: &rules.entities, vault: &self.vault }
    }
}
