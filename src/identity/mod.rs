//! Stage 1: who calls. Sees the head of a request only.
//!
//! Invariant: no byte of the body is read here, and [`Authenticated`] is made only
//! from a token whose signature, issuer, audience and times were checked.

mod bearer;
mod claims;
mod resource;

use crate::jose::compact::Compact;
use crate::jose::issuer::Issuer;
use crate::model::call::Call;
use crate::model::denial::Denial;
use crate::model::ids::ServerName;
use crate::model::principal::Principal;
use crate::model::sensitive::Sensitive;
use crate::model::trail::Event;
use crate::wire::arrival::Arrival;
pub use resource::{About, Resources};
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
}

/// Proof that the caller is known. Made only by [`Identity::authenticate`].
pub struct Authenticated {
    principal: Principal,
    token: Sensitive<String>,
    arrival: Arrival,
}

impl Identity {
    pub fn new(resources: Resources, issuers: Vec<Arc<Issuer>>, own_client: String, leeway: u64) -> Self {
        Self { resources, issuers, own_client, leeway }
    }

    /// # Errors
    /// [`Denial::TokenAbsent`], [`Denial::AuthorizationMalformed`],
    /// [`Denial::TokenRefused`] with the failed check, [`Denial::TokenTooLarge`],
    /// [`Denial::KeysUnavailable`].
    pub async fn authenticate(&self, call: &mut Call, arrival: Arrival) -> Result<Authenticated, Denial> {
        let token = bearer::token(&arrival.head)?;
        let principal = self.judge(call, &arrival.head.server, token.expose()).await?;
        call.trail.add(Event::Authenticated {
            issuer: principal.issuer.clone(),
            subject: principal.subject.clone(),
            client: principal.client.clone(),
            token_id: principal.token_id.clone(),
            lineage: principal.lineage.clone(),
        });
        Ok(Authenticated { principal, token, arrival })
    }

    async fn judge(&self, call: &Call, server: &ServerName, token: &str) -> Result<Principal, Denial> {
        let compact = Compact::read(token).map_err(Denial::TokenRefused)?;
        // Only a configured issuer is ever asked for keys; an unknown one costs no fetch.
        let named = compact.claims.get("iss").and_then(Value::as_str);
        let issuer = self.issuers.iter().find(|issuer| Some(issuer.settings.issuer.as_str()) == named);
        let issuer = issuer.ok_or(Denial::TokenRefused("issuer"))?;
        let verified = issuer.verify(&compact).await.map_err(|fault| Denial::KeysUnavailable(fault.0))?;
        verified.map_err(Denial::TokenRefused)?;
        let expected = claims::Expected {
            audiences: &self.resources.audiences(server),
            issuer: &issuer.settings,
            own_client: &self.own_client,
            now: call.clock.unix_seconds(),
            leeway: self.leeway,
        };
        claims::principal(&compact, &expected).map_err(Denial::TokenRefused)
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
