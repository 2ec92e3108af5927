//! Token exchange at the authorization server (RFC 8693).
//!
//! Invariant: an answer is believed only after its token was verified and found to
//! be no wider than what was asked for.

use crate::exchange::answer::{self, Asked};
use crate::exchange::target::Target;
use crate::exchange::{actor, details};
use crate::jose::client::{JSON, OAuthClient};
use crate::jose::compact::Compact;
use crate::jose::sign::SigningKey;
use crate::model::principal::Principal;
use crate::model::sensitive::Sensitive;
use serde_json::{Map, Value};

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// The grant of RFC 8693 §2.1.
pub const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// The gate as a client that exchanges tokens.
pub struct TokenClient {
    client: OAuthClient,
}

impl TokenClient {
    pub fn new(client: OAuthClient) -> Self {
        Self { client }
    }

    pub fn client(&self) -> &OAuthClient {
        &self.client
    }

    /// Exchanges a caller's token for one that may do `target` in the caller's name.
    ///
    /// # Errors
    /// A stable word for the audit.
    pub async fn exchange(
        &self,
        token: &Sensitive<String>,
        principal: &Principal,
        target: &Target,
        binding: Option<&SigningKey>,
    ) -> Result<Sensitive<String>, &'static str> {
        // Only the issuer of the caller's token can exchange it.
        if principal.issuer != self.client.issuer.settings.issuer {
            return Err("the caller's issuer is not the one that exchanges");
        }
        actor::may_act(principal, &self.client.id)?;
        let granted = principal.claims.get("authorization_details");
        let details =
            details::narrowed(granted, target.downstream.named(), &target.operation, &target.scope)?;
        let written = details.as_ref().map(Value::to_string);
        let mut form = vec![
            ("grant_type", GRANT),
            ("subject_token", token.expose()),
            ("subject_token_type", ACCESS_TOKEN),
            ("requested_token_type", ACCESS_TOKEN),
            ("scope", &target.scope),
        ];
        form.extend(target.downstream.audience.as_deref().map(|audience| ("audience", audience)));
        form.extend(target.downstream.resource.as_deref().map(|resource| ("resource", resource)));
        form.extend(written.as_deref().map(|details| ("authorization_details", details)));
        let answer = self.client.ask("token_endpoint", &form, binding).await?;
        let asked = self.asked(target, Some(principal), details.as_ref(), binding);
        let token = answer::token(&answer, &asked, Some(ACCESS_TOKEN))?;
        self.verify(&token, &asked).await?;
        Ok(token)
    }

    /// A token in the gate's own name, to read the catalogue of a server.
    ///
    /// # Errors
    /// A stable word for the log.
    pub async fn own(
        &self,
        target: &Target,
        binding: Option<&SigningKey>,
    ) -> Result<Sensitive<String>, &'static str> {
        let (audience, resource) = (&target.downstream.audience, &target.downstream.resource);
        // RFC 8707 has no audience here; where that is the only name, it is the resource.
        let named = resource.as_deref().unwrap_or(target.downstream.named());
        let mut form =
            vec![("grant_type", "client_credentials"), ("resource", named), ("scope", &target.scope)];
        form.extend(
            audience.as_deref().filter(|_| resource.is_some()).map(|audience| ("audience", audience)),
        );
        let answer = self.client.ask("token_endpoint", &form, binding).await?;
        let asked = self.asked(target, None, None, binding);
        let token = answer::token(&answer, &asked, None)?;
        self.verify(&token, &asked).await?;
        Ok(token)
    }

    /// Revokes a token that was issued to us (RFC 7009 §2.1), at a server that can.
    ///
    /// # Errors
    /// A stable word for the log.
    pub async fn revoke(&self, token: &Sensitive<String>) -> Result<(), &'static str> {
        let form = [("token", token.expose().as_str()), ("token_type_hint", "access_token")];
        let answer = self.client.post("revocation_endpoint", &form, JSON).await?;
        if answer.status().is_success() { Ok(()) } else { Err("the token is not revoked there") }
    }

    fn asked<'a>(
        &'a self,
        target: &'a Target,
        principal: Option<&'a Principal>,
        details: Option<&'a Value>,
        binding: Option<&'a SigningKey>,
    ) -> Asked<'a> {
        let (issuer, client) = (&*self.client.issuer.settings.issuer, &*self.client.id);
        let (binding, now) = (binding.map(SigningKey::thumbprint), self.client.clock.unix_seconds());
        Asked { issuer, client, target, principal, details, binding, now }
    }

    async fn verify(
        &self,
        token: &Sensitive<String>,
        asked: &Asked<'_>,
    ) -> Result<Map<String, Value>, &'static str> {
        let compact = Compact::read(token.expose())?;
        self.client.issuer.verify(&compact).await.map_err(|fault| fault.0)??;
        answer::judge(compact.kind.as_deref(), &compact.claims, asked)?;
        Ok(compact.claims)
    }
}
