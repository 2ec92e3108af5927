//! Stage 6: the inbound token ends here; a delegated one goes on.
//!
//! Invariant: [`Delegated`] exists only with a receipt for the decision, so nothing
//! is forwarded that is not on record. The record is written while the token is
//! being exchanged; the exchange touches no data.

mod actor;
mod answer;
pub mod client;
mod details;
pub mod issuance;
mod outstanding;
pub mod sts;
pub mod target;

use crate::inspect::Vetted;
use crate::jose::credential::Credential;
use crate::journal::record::{self, Pseudonyms};
use crate::journal::{Journal, Receipt};
use crate::model::call::Call;
use crate::model::denial::Denial;
use crate::model::ids::{CallId, ServerName};
use crate::model::principal::Principal;
use crate::model::sensitive::Sensitive;
use crate::model::stage::Stage;
use crate::model::trail::Event;
use crate::request::{Grant, Request};
use crate::wire::method::Passage;
use issuance::{Caller, Issuance, Mode};
use std::sync::Arc;
pub use target::operation;

/// Obtains delegated tokens.
pub struct Exchange {
    pub issuance: Arc<Issuance>,
    journal: Journal,
    pseudonyms: Arc<Pseudonyms>,
}

/// A credential for one operation, and the proof that the decision to use it is on
/// disk. Made only by [`Exchange::delegate`].
pub struct Delegated {
    request: Request,
    grant: Grant,
    credential: Option<Credential>,
    renewal: Arc<Renewal>,
    /// None for a message that the gate answers itself and forwards to nobody.
    _decision: Option<Receipt>,
}

/// Further credentials within the same decision, each for one operation and none used
/// twice: a bridge between the eras says several things to a server for one that its
/// client said.
pub struct Renewal {
    issuance: Arc<Issuance>,
    token: Sensitive<String>,
    principal: Principal,
    server: ServerName,
    call: CallId,
}

impl Renewal {
    /// # Errors
    /// [`Denial::ExchangeFailed`].
    pub async fn credential(&self, named: &str) -> Result<Option<Credential>, Denial> {
        let caller = Caller { token: &self.token, principal: &self.principal, call: &self.call };
        self.issuance.delegated(&self.server, named, &caller).await
    }
}

impl Exchange {
    pub fn new(issuance: Arc<Issuance>, journal: Journal, pseudonyms: Arc<Pseudonyms>) -> Self {
        Self { issuance, journal, pseudonyms }
    }

    /// Revokes what was issued for a caller who has been stopped, at an authorization server
    /// that can (RFC 7009). In the background: it is out of our hands, and nobody waits.
    pub fn revoke(&self, call: &Call) {
        let lineage = call.trail.events().iter().find_map(|event| match event {
            Event::Authenticated { lineage, .. } => Some(lineage),
            _ => None,
        });
        let (Some(lineage), Ok(runtime)) = (lineage, tokio::runtime::Handle::try_current()) else { return };
        let tokens = self.issuance.outstanding.take(lineage, call.clock.unix_seconds());
        if let Some(client) = self.issuance.client.clone().filter(|_| !tokens.is_empty()) {
            runtime.spawn(async move {
                for token in &tokens {
                    if let Err(fault) = client.revoke(token).await {
                        tracing::warn!(fault, "revoke a delegated token; it ends by itself");
                    }
                }
            });
        }
    }

    /// # Errors
    /// [`Denial::ExchangeFailed`] or [`Denial::AuditUnavailable`].
    pub async fn delegate(&self, call: &mut Call, vetted: Vetted) -> Result<Delegated, Denial> {
        call.enter(Stage::Exchange);
        let (request, token, grant) = vetted.into_parts();
        let mode = self.issuance.mode(&request.server)?;
        let passage = request.method().passage();
        let renewal = Arc::new(Renewal {
            issuance: self.issuance.clone(),
            token,
            principal: request.principal.clone(),
            server: request.server.clone(),
            call: call.id.clone(),
        });
        if passage == Passage::Answered {
            return Ok(Delegated { request, grant, credential: None, renewal, _decision: None });
        }
        let mode = if passage == Passage::Forwarded { mode } else { &Mode::None };
        let scope = operation(&request.server, request.operation());
        let audience = mode.downstream().map(|downstream| downstream.named().to_owned()).unwrap_or_default();
        call.trail.add(Event::Delegated { mode: mode.name(), audience, scope });
        let record = record::decision(call, &self.pseudonyms);
        let credential = async {
            match mode {
                Mode::None => Ok(None),
                Mode::Exchange(_) | Mode::LocalSts(_) => renewal.credential(request.operation()).await,
            }
        };
        let (decision, credential) = tokio::join!(self.journal.append(record), credential);
        let decision = decision.map_err(|_| Denial::AuditUnavailable)?;
        let credential = credential?;
        Ok(Delegated { request, grant, credential, renewal, _decision: Some(decision) })
    }
}

impl Delegated {
    pub fn request(&self) -> &Request {
        &self.request
    }

    pub fn into_parts(self) -> (Request, Grant, Option<Credential>, Arc<Renewal>) {
        (self.request, self.grant, self.credential, self.renewal)
    }
}
