//! By which way a credential for an upstream is had. Configuration says which; there is
//! no second way to try when the first fails.

use crate::exchange::client::TokenClient;
use crate::exchange::outstanding::Outstanding;
use crate::exchange::sts::LocalSts;
use crate::exchange::target::{Downstream, Target};
use crate::jose::credential::Credential;
use crate::jose::sign::SigningKey;
use crate::model::clock::Clock;
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
    /// To which tokens are bound, at servers for which that is configured.
    key: Option<Arc<SigningKey>>,
    clock: Clock,
    pub(super) outstanding: Outstanding,
}

/// Whose credential it is to be, and in which call.
pub(super) struct Caller<'c> {
    pub(super) token: &'c Sensitive<String>,
    pub(super) principal: &'c Principal,
    pub(super) call: &'c CallId,
}

impl Issuance {
    /// `key` is needed where a mode binds its tokens.
    pub fn new(
        client: Option<Arc<TokenClient>>,
        sts: Option<LocalSts>,
        modes: HashMap<ServerName, Mode>,
        key: Option<Arc<SigningKey>>,
        clock: Clock,
    ) -> Self {
        Self { client, sts, modes, key, clock, outstanding: Outstanding::default() }
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
    ) -> Result<Option<Credential>, Denial> {
        let mode = self.mode(server)?;
        let Some(downstream) = mode.downstream() else { return Ok(None) };
        let target = Target::new(downstream.clone(), server, named);
        let key = self.binding(downstream).map_err(Denial::ExchangeFailed)?;
        let (principal, binding) = (caller.principal, key.as_deref());
        let had = match (mode, &self.client, &self.sts) {
            (Mode::Exchange(_), Some(client), _) => {
                let had = client.exchange(caller.token, principal, &target, binding).await;
                had.inspect(|token| {
                    self.outstanding.add(&principal.lineage, token, self.clock.unix_seconds());
                })
            }
            (Mode::LocalSts(_), _, Some(sts)) => {
                sts.delegated(server, principal, &target, caller.call, binding)
            }
            _ => Err("not configured"),
        };
        let token = had.map_err(Denial::ExchangeFailed)?;
        Ok(Some(Credential::new(token, key, self.clock.clone())))
    }

    /// A credential in the gate's own name, to read the catalogue of a server.
    ///
    /// # Errors
    /// A stable word for the log.
    pub async fn own(&self, server: &ServerName, named: &str) -> Result<Option<Credential>, &'static str> {
        let mode = self.modes.get(server).ok_or("no mode configured")?;
        let Some(downstream) = mode.downstream() else { return Ok(None) };
        let target = Target::new(downstream.clone(), server, named);
        let key = self.binding(downstream)?;
        let token = match (mode, &self.client, &self.sts) {
            (Mode::Exchange(_), Some(client), _) => client.own(&target, key.as_deref()).await?,
            (Mode::LocalSts(_), _, Some(sts)) => sts.own(server, &target, key.as_deref())?,
            _ => return Err("not configured"),
        };
        Ok(Some(Credential::new(token, key, self.clock.clone())))
    }

    /// The key to bind a token to, where the downstream wants that.
    fn binding(&self, downstream: &Downstream) -> Result<Option<Arc<SigningKey>>, &'static str> {
        match (downstream.bound, &self.key) {
            (false, _) => Ok(None),
            (true, Some(key)) => Ok(Some(key.clone())),
            (true, None) => Err("no key to bind to"),
        }
    }
}
