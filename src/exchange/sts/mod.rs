//! The local security token service: for authorization servers that cannot exchange, the
//! gate signs the delegated tokens itself.
//!
//! It is chosen by configuration (`auth: local_sts`), upstream by upstream, and nothing
//! ever falls back to it. Each upstream has an issuer of its own, never the authorization
//! server's, and keys of its own: what leaks of one is worth nothing at another.
//!
//! Invariant: a token says what the exchanged one would: one subject, one operation, one
//! audience, five seconds, and never longer than the caller's own.

pub mod ring;

use crate::exchange::actor;
use crate::exchange::target::{LIFE, Target};
use crate::jose::random_id;
use crate::jose::sign::SigningKey;
use crate::model::clock::Clock;
use crate::model::ids::{CallId, ServerName};
use crate::model::principal::Principal;
use crate::model::sensitive::Sensitive;
use ring::{Ring, Schedule};
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::io;
use std::path::Path;

/// The issuers of this gate, one an upstream.
pub struct LocalSts {
    /// Without a trailing slash.
    public_url: String,
    /// Our name as `act.sub` and `client_id`.
    own: String,
    clock: Clock,
    rings: HashMap<ServerName, Ring>,
}

impl LocalSts {
    /// Opens or makes the keys beneath `directory`, a folder for each server.
    ///
    /// # Errors
    /// When they cannot be read or made.
    pub fn open(
        public_url: &str,
        own: String,
        directory: &Path,
        servers: impl Iterator<Item = ServerName>,
        schedule: Schedule,
        clock: &Clock,
    ) -> io::Result<Self> {
        let open = |server: ServerName| {
            let ring = Ring::open(directory.join(server.as_str()), schedule, clock.clone())?;
            Ok((server, ring))
        };
        let rings = servers.map(open).collect::<io::Result<_>>()?;
        Ok(Self { public_url: public_url.trim_end_matches('/').to_owned(), own, clock: clock.clone(), rings })
    }

    /// The issuer of a server's tokens.
    pub fn issuer(&self, server: &ServerName) -> String {
        format!("{}/{server}/sts", self.public_url)
    }

    /// What RFC 8414 says of an issuer that has no endpoints but its key set.
    pub fn metadata(&self, server: &ServerName) -> Option<Value> {
        self.rings.contains_key(server).then(|| {
            let issuer = self.issuer(server);
            let keys = format!("{issuer}/jwks");
            json!({"issuer": issuer, "jwks_uri": keys, "response_types_supported": [], "grant_types_supported": []})
        })
    }

    /// The key set, and for how many seconds it may be kept.
    pub fn key_set(&self, server: &ServerName) -> Option<(Value, u64)> {
        self.rings.get(server).map(|ring| (ring.key_set(), ring.fresh_for()))
    }

    /// A token for `target` in the caller's name.
    ///
    /// # Errors
    /// A stable word for the audit.
    pub fn delegated(
        &self,
        server: &ServerName,
        principal: &Principal,
        target: &Target,
        call: &CallId,
        binding: Option<&SigningKey>,
    ) -> Result<Sensitive<String>, &'static str> {
        actor::may_act(principal, &self.own)?;
        let more = json!({
            "sub": principal.subject, "sub_iss": principal.issuer, "act": actor::act(principal, &self.own),
            "txn": call.as_str(),
        });
        self.sign(server, target, principal.expires, binding, &more)
    }

    /// A token in the gate's own name.
    ///
    /// # Errors
    /// A stable word for the log.
    pub fn own(
        &self,
        server: &ServerName,
        target: &Target,
        binding: Option<&SigningKey>,
    ) -> Result<Sensitive<String>, &'static str> {
        self.sign(server, target, u64::MAX, binding, &json!({"sub": self.own}))
    }

    fn sign(
        &self,
        server: &ServerName,
        target: &Target,
        at_most: u64,
        binding: Option<&SigningKey>,
        more: &Value,
    ) -> Result<Sensitive<String>, &'static str> {
        let signer = self.rings.get(server).and_then(Ring::signer).ok_or("no key for this server")?;
        let now = self.clock.unix_seconds();
        let expires = at_most.min(now + LIFE);
        if expires <= now {
            return Err("the caller's token is about to expire");
        }
        let claims = json!({
            "iss": self.issuer(server), "aud": target.downstream.named(), "scope": target.scope,
            "client_id": self.own, "iat": now, "exp": expires, "jti": random_id(),
        });
        let mut claims: Map<String, Value> = claims.as_object().cloned().unwrap_or_default();
        claims.extend(more.as_object().cloned().unwrap_or_default());
        if let Some(key) = binding {
            claims.insert("cnf".to_owned(), json!({"jkt": key.thumbprint()}));
        }
        signer.sign("at+jwt", &claims).map(Sensitive::new)
    }
}
