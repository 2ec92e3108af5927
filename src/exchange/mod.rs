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
    /// None for a message that the gate answers itself and forwards to nobody.
    _decision: Option<Receipt>,
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
        if request.method().passage() != Passage::Forwarded {
            return Ok(Delegated { request, grant, credential: None, _decision: None });
        }
        let mode = self.modes.get(&request.server).ok_or(Denial::ExchangeFailed("no mode configured"))?;
        let (name, audience) = match mode {
            Mode::Exchange { audience } => ("exchange", audience.as_str()),
            Mode::None => ("none", ""),
        };
        let scope = operation(&request.server, request.operation());
        call.trail.add(Event::Delegated { mode: name, audience: audience.into(), scope: scope.clone() });
        let record = record::decision(call, &self.pseudonyms);
        let target = Target { audience: audience.to_owned(), scope };
        let (decision, credential) =
            tokio::join!(self.journal.append(record), self.credential(mode, &token, &request, &target));
        let decision = decision.map_err(|_| Denial::AuditUnavailable)?;
        Ok(Delegated { request, grant, credential: credential?, _decision: Some(decision) })
    }

    async fn credential(
        &self,
        mode: &Mode,
        token: &Sensitive<String>,
        request: &Request,
        target: &Target,
    ) -> Result<Option<Sensitive<String>>, Denial> {
        match mode {
            Mode::None => Ok(None),
            Mode::Exchange { .. } => {
                let client = self.client.as_ref().ok_or(Denial::ExchangeFailed("no client configured"))?;
                let delegated = client.exchange(token, &request.principal, target).await;
                delegated.map(Some).map_err(Denial::ExchangeFailed)
            }
        }
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

    pub fn into_parts(self) -> (Request, Grant, Option<Sensitive<String>>) {
        (self.request, self.grant, self.credential)
    }
}
