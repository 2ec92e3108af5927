//! By which way a credential for an upstream is had. Configuration says which; there is
//! no second way to try when the first fails.

use crate::exchange::client::TokenClient;
use crate::exchange::outstanding::Outstanding;
use crate::exchange::sts::LocalSts;
use crate::exchange::target::{Downstream, Target};
use crate::model::denial::Denial;
use crate::model::ids::{CallId, ServerName};
use crate::model::principal::Principal;
use crate::model::sensitive::Sensitive;
use std::collections::HashMap;
use std::sync::Arc;

/// How the gate authenticates to one upstream.
#[derive(Clone, Debug)]
pub enum Mode {
    /// RFC 8693 at the authorization server.
    Exchange(Downstream),
    /// Signed by the gate, for an authorization server that cannot exchange.
    LocalSts(Downstream),
    /// The upstream takes no tokens.
    None,
}

impl Mode {
    /// The audit's word for it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Exchange(_) => "exchange",
            Self::LocalSts(_) => "local_sts",
            Self::None => "none",
        }
    }

    pub(super) fn downstream(&self) -> Option<&Downstream> {
        match self {
            Self::Exchange(downstream) | Self::LocalSts(downstream) => Some(downstream),
            Self::None => None,
        }
    }
}

/// All ways that are configured.
pub struct Issuance {
    pub client: Option<Arc<TokenClient>>,
    pub sts: Option<LocalSts>,
    pub modes: HashMap<ServerName, Mode>,
    pub(super) outstanding: Outstanding,
}

/// Whose credential it is to be, and in which call.
pub(super) struct Caller<'c> {
    pub(super) token: &'c Sensitive<String>,
    pub(super) principal: &'c Principal,
    pub(super) call: &'c CallId,
}

impl Issuance {
    pub fn new(
        client: Option<Arc<TokenClient>>,
        sts: Option<LocalSts>,
        modes: HashMap<ServerName, Mode>,
    ) -> Self {
        Self { client, sts, modes, outstanding: Outstanding::default() }
    }

    pub(super) fn mode(&self, server: &ServerName) -> Result<&Mode, Denial> {
        self.modes.get(server).ok_or(Denial::ExchangeFailed("no mode configured"))
    }

    /// A credential for one operation in the caller's name; None for an upstream that
    /// takes none.
    pub(super) async fn delegated(
        &self,
        server: &ServerName,
        named: &str,
        caller: &Caller<'_>,
    ) -> Result<Option<Sensitive<String>>, Denial> {
        let target = |downstream: &Downstream| Target::new(downstream.clone(), server, named);
        let had = match self.mode(server)? {
            Mode::None => return Ok(None),
            Mode::Exchange(downstream) => match &self.client {
                Some(client) => {
                    let had = client.exchange(caller.token, caller.principal, &target(downstream)).await;
                    had.inspect(|token| {
                        let now = client.client().clock.unix_seconds();
                        self.outstanding.add(&caller.principal.lineage, token, now);
                    })
                }
                None => Err("no client configured"),
            },
            Mode::LocalSts(downstream) => match &self.sts {
                Some(sts) => sts.delegated(server, caller.principal, &target(downstream), caller.call),
                None => Err("no local token service configured"),
            },
        };
        had.map(Some).map_err(Denial::ExchangeFailed)
    }

    /// A credential in the gate's own name, to read the catalogue of a server.
    ///
    /// # Errors
    /// A stable word for the log.
    pub async fn own(
        &self,
        server: &ServerName,
        named: &str,
    ) -> Result<Option<Sensitive<String>>, &'static str> {
        let target = |downstream: &Downstream| Target::new(downstream.clone(), server, named);
        match self.modes.get(server) {
            None => Err("no mode configured"),
            Some(Mode::None) => Ok(None),
            Some(Mode::Exchange(downstream)) => {
                let client = self.client.as_ref().ok_or("no client is configured")?;
                client.own(&target(downstream)).await.map(Some)
            }
            Some(Mode::LocalSts(downstream)) => {
                let sts = self.sts.as_ref().ok_or("no local token service configured")?;
                sts.own(server, &target(downstream)).map(Some)
            }
        }
    }
}
