//! Stage 1: who calls. Sees the head of a request only.
//!
//! Invariant: no byte of the body is read here, and [`Authenticated`] is made only
//! from a token whose signature, issuer, audience and times were checked.

mod bearer;
pub mod binding;
mod claims;
pub mod dpop;
pub mod introspection;
mod nonce;
mod resource;
pub mod signals;

use crate::jose::compact::Compact;
use crate::jose::issuer::Issuer;
use crate::model::call::Call;
use crate::model::denial::Denial;
use crate::model::ids::ServerName;
use crate::model::implied::Implied;
use crate::model::principal::Principal;
use crate::model::sensitive::Sensitive;
use crate::model::stage::Stage;
use crate::model::trail::Event;
use crate::wire::arrival::Arrival;
use bearer::{Credential, Scheme};
use binding::{Binder, Confirmation};
use introspection::Introspector;
pub use resource::{About, Possession, Resources};
use serde_json::Value;
use std::sync::Arc;

/// The resource server of OAuth: it judges tokens and says where to get them.
pub struct Identity {
    pub resources: Resources,
    issuers: Vec<Arc<Issuer>>,
    /// Our own client id: a token that says we act was made for a downstream.
    own_client: String,
    /// Seconds by which clocks may differ.
    leeway: u64,
    binder: Binder,
    introspectors: Vec<Introspector>,
    implied: Implied,
}

/// What is needed beyond signatures.
pub struct Means {
    pub binder: Binder,
    /// For opaque tokens.
    pub introspectors: Vec<Introspector>,
    /// The scopes that others imply.
    pub implied: Implied,
}

/// Proof that the caller is known. Made only by [`Identity::authenticate`].
pub struct Authenticated {
    principal: Principal,
    token: Sensitive<String>,
    arrival: Arrival,
}

impl Identity {
    pub fn new(
        resources: Resources,
        issuers: Vec<Arc<Issuer>>,
        own_client: String,
        leeway: u64,
        means: Means,
    ) -> Self {
        let Means { binder, introspectors, implied } = means;
        Self { resources, issuers, own_client, leeway, binder, introspectors, implied }
    }

    /// The authorization servers whose tokens are taken.
    pub fn issuers(&self) -> &[Arc<Issuer>] {
        &self.issuers
    }

    /// # Errors
    /// [`Denial::TokenAbsent`], [`Denial::AuthorizationMalformed`],
    /// [`Denial::TokenRefused`] with the failed check, [`Denial::TokenTooLarge`],
    /// [`Denial::KeysUnavailable`], [`Denial::IntrospectionUnavailable`], and those of
    /// [`Binder`] for a good token in the wrong hands: it is on record whose it is.
    pub async fn authenticate(&self, call: &mut Call, arrival: Arrival) -> Result<Authenticated, Denial> {
        call.enter(Stage::Identity);
        let credential = bearer::credential(&arrival.head)?;
        call.asked.by_dpop = credential.scheme == Scheme::Dpop;
        let head = &arrival.head;
        let mut principal = self.judge(call, &head.server, &credential).await?;
        call.trail.add(Event::Authenticated {
            issuer: principal.issuer.clone(),
            subject: principal.subject.clone(),
            client: principal.client.clone(),
            token_id: principal.token_id.clone(),
            lineage: principal.lineage.clone(),
            bound: Confirmation::of(&principal.claims).map_or("unknown", |found| found.kind()),
        });
        self.binder.check(call, head, &credential, &principal, &self.resources.target(head)).await?;
        principal.scopes = self.implied.with(&principal.scopes);
        Ok(Authenticated { principal, token: credential.token, arrival })
    }

    async fn judge(
        &self,
        call: &Call,
        server: &ServerName,
        credential: &Credential,
    ) -> Result<Principal, Denial> {
        let token = credential.token.expose();
        let introspector = self.introspectors.iter().find(|introspector| introspector.serves(server));
        if let Some(introspector) = introspector.filter(|_| token.split('.').count() != 3) {
            let now = call.clock.unix_seconds();
            let told = introspector.ask(token, now).await.map_err(Denial::IntrospectionUnavailable)?;
            let claims = told.ok_or(Denial::TokenRefused("inactive"))?;
            let expected = self.expected(&introspector.client.issuer, now);
            let expected = claims::Expected { audiences: &self.resources.audiences(server), ..expected };
            return claims::accepted(&claims, &expected).map_err(Denial::TokenRefused);
        }
        let compact = Compact::read(token).map_err(Denial::TokenRefused)?;
        // Only a configured issuer is ever asked for keys; an unknown one costs no fetch.
        let named = compact.claims.get("iss").and_then(Value::as_str);
        let issuer = self.issuers.iter().find(|issuer| Some(issuer.settings.issuer.as_str()) == named);
        let issuer = issuer.ok_or(Denial::TokenRefused("issuer"))?;
        let verified = issuer.verify(&compact).await.map_err(|fault| Denial::KeysUnavailable(fault.0))?;
        verified.map_err(Denial::TokenRefused)?;
        let expected = self.expected(issuer, call.clock.unix_seconds());
        let expected = claims::Expected { audiences: &self.resources.audiences(server), ..expected };
        claims::principal(&compact, &expected).map_err(Denial::TokenRefused)
    }

    /// Of a token of this issuer; the audiences are still to be named.
    fn expected<'e>(&'e self, issuer: &'e Issuer, now: u64) -> claims::Expected<'e> {
        claims::Expected {
            audiences: &[],
            issuer: &issuer.settings,
            own_client: &self.own_client,
            now,
            leeway: self.leeway,
        }
    }
}

impl Authenticated {
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The caller, the inbound token, and the request whose body may now be read.
    pub fn into_parts(self) -> (Principal, Sensitive<String>, Arrival) {
        (self.principal, self.token, self.arrival)
    }
}
