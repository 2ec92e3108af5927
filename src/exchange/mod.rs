//! Stage 6: the inbound token ends here; a delegated one goes on.
//!
//! Invariant: [`Delegated`] exists only with a receipt for the decision, so nothing
//! is forwarded that is not on record. The record is written while the token is
//! being exchanged; the exchange touches no data.

pub mod client;

use crate::inspect::Vetted;
use crate::journal::record::{self, Pseudonyms};
use crate::journal::{Journal, Receipt};
use crate::model::call::Call;
use crate::model::denial::Denial;
use crate::model::ids::ServerName;
use crate::model::principal::Principal;
use crate::model::sensitive::Sensitive;
use crate::model::trail::Event;
use crate::request::{Grant, Request};
use crate::wire::method::Passage;
use client::{Target, TokenClient};
use std::collections::HashMap;
use std::sync::Arc;

/// How the gate authenticates to one upstream.
#[derive(Clone, Debug)]
pub enum Mode {
    /// RFC 8693 at the authorization server, for this audience.
    Exchange { audience: String },
    /// The upstream takes no tokens. Chosen by configuration, never fallen back to.
    None,
}

/// Obtains delegated tokens.
pub struct Exchange {
    client: Option<Arc<TokenClient>>,
    modes: HashMap<ServerName, Mode>,
    journal: Journal,
    pseudonyms: Arc<Pseudonyms>,
}

/// A credential for one operation, and the proof that the decision to use it is on
/// disk. Made only by [`Exchange::delegate`].
pub struct Delegated {
    request: Request,
    grant: Grant,
    credential: Option<Sensitive<String>>,
    renewal: Arc<Renewal>,
    /// None for a message that the gate answers itself and forwards to nobody.
    _decision: Option<Receipt>,
}

/// Further credentials within the same decision, each for one operation: a bridge between
/// the eras says several things to a server for one that its client said.
pub struct Renewal {
    client: Option<Arc<TokenClient>>,
    token: Sensitive<String>,
    principal: Principal,
    server: ServerName,
    /// None for an upstream that takes no tokens.
    audience: Option<String>,
}

impl Renewal {
    /// # Errors
    /// [`Denial::ExchangeFailed`].
    pub async fn credential(&self, named: &str) -> Result<Option<Sensitive<String>>, Denial> {
        let Some(audience) = self.audience.clone() else { return Ok(None) };
        let client = self.client.as_ref().ok_or(Denial::ExchangeFailed("no client configured"))?;
        let target = Target { audience, scope: operation(&self.server, named) };
        let delegated = client.exchange(&self.token, &self.principal, &target).await;
        delegated.map(Some).map_err(Denial::ExchangeFailed)
    }
}

impl Exchange {
    pub fn new(
        client: Option<Arc<TokenClient>>,
        modes: HashMap<ServerName, Mode>,
        journal: Journal,
        pseudonyms: Arc<Pseudonyms>,
    ) -> Self {
        Self { client, modes, journal, pseudonyms }
    }

    /// # Errors
    /// [`Denial::ExchangeFailed`] or [`Denial::AuditUnavailable`].
    pub async fn delegate(&self, call: &mut Call, vetted: Vetted) -> Result<Delegated, Denial> {
        let (request, token, grant) = vetted.into_parts();
        let mode = self.modes.get(&request.server).ok_or(Denial::ExchangeFailed("no mode configured"))?;
        let passage = request.method().passage();
        let (name, audience) = match mode {
            Mode::Exchange { audience } if passage == Passage::Forwarded => {
                ("exchange", Some(audience.clone()))
            }
            Mode::Exchange { .. } | Mode::None => ("none", None),
        };
        let renewal = Arc::new(Renewal {
            client: self.client.clone(),
            token,
            principal: request.principal.clone(),
            server: request.server.clone(),
            audience: audience.clone(),
        });
        if passage == Passage::Answered {
            return Ok(Delegated { request, grant, credential: None, renewal, _decision: None });
        }
        let scope = operation(&request.server, request.operation());
        call.trail.add(Event::Delegated { mode: name, audience: audience.unwrap_or_default(), scope });
        let record = record::decision(call, &self.pseudonyms);
        let (decision, credential) =
            tokio::join!(self.journal.append(record), renewal.credential(request.operation()));
        let decision = decision.map_err(|_| Denial::AuditUnavailable)?;
        let credential = credential?;
        Ok(Delegated { request, grant, credential, renewal, _decision: Some(decision) })
    }
}

/// The scope that stands for one operation of one server.
pub fn operation(server: &ServerName, operation: &str) -> String {
    format!("{server}:{operation}")
}

impl Delegated {
    pub fn request(&self) -> &Request {
        &self.request
    }

    pub fn into_parts(self) -> (Request, Grant, Option<Sensitive<String>>, Arc<Renewal>) {
        (self.request, self.grant, self.credential, self.renewal)
    }
}
