//! Who may present a token: whoever has it (RFC 6750), the holder of a key (RFC 9449), or
//! the holder of a certificate (RFC 8705 §3).
//!
//! Invariant: what a token says of its holder is held against this request and this
//! connection; nothing that another party could have written into the request counts.

use crate::identity::bearer::{Credential, Scheme};
use crate::identity::dpop::Proofs;
use crate::jose::same_secret;
use crate::model::call::Call;
use crate::model::denial::Denial;
use crate::model::principal::Principal;
use crate::wire::arrival::Head;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// A way to bind a token to its holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binding {
    Dpop,
    Mtls,
}

/// Holds tokens against their holders.
pub struct Binder {
    pub proofs: Proofs,
    /// By issuer: of these ways its tokens must be bound in one. None is needed where it is
    /// not named.
    pub required: HashMap<String, Vec<Binding>>,
}

/// `cnf` of a token (RFC 7800).
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Confirmation<'c> {
    key: Option<&'c str>,
    certificate: Option<&'c str>,
}

impl<'c> Confirmation<'c> {
    /// # Errors
    /// A `cnf` that says nothing we can check binds the token to somebody unknown.
    pub(super) fn of(claims: &'c Map<String, Value>) -> Result<Self, &'static str> {
        let Some(confirmation) = claims.get("cnf") else { return Ok(Self::default()) };
        let confirmation = confirmation.as_object().ok_or("cnf")?;
        let text = |name: &str| match confirmation.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.len() == 43 => Ok(Some(text.as_str())),
            Some(_) => Err("cnf"),
        };
        let found = Self { key: text("jkt")?, certificate: text("x5t#S256")? };
        if found == Self::default() { Err("cnf") } else { Ok(found) }
    }

    /// The audit's word for it.
    pub(super) fn kind(&self) -> &'static str {
        match (self.key, self.certificate) {
            (None, None) => "none",
            (Some(_), None) => "dpop",
            (None, Some(_)) => "mtls",
            (Some(_), Some(_)) => "dpop+mtls",
        }
    }

    fn bound_by(&self, binding: Binding) -> bool {
        match binding {
            Binding::Dpop => self.key.is_some(),
            Binding::Mtls => self.certificate.is_some(),
        }
    }
}

impl Binder {
    /// # Errors
    /// [`Denial::BindingRefused`], and those of [`Proofs::check`].
    pub(super) async fn check(
        &self,
        call: &mut Call,
        head: &Head,
        credential: &Credential,
        principal: &Principal,
        target: &str,
    ) -> Result<(), Denial> {
        let refused = |check| Err(Denial::BindingRefused(check));
        let confirmation = Confirmation::of(&principal.claims).map_err(Denial::BindingRefused)?;
        if let Some(ways) = self.required.get(&principal.issuer)
            && !ways.iter().any(|way| confirmation.bound_by(*way))
        {
            return refused("the token is not bound");
        }
        if let Some(certificate) = confirmation.certificate {
            let Some(shown) = &head.certificate else { return refused("no certificate") };
            if !same_secret(shown.as_bytes(), certificate.as_bytes()) {
                return refused("another certificate");
            }
        }
        match (credential.scheme, confirmation.key) {
            (Scheme::Bearer, None) => Ok(()),
            // RFC 9449 §7.2: a stolen token must not be worth more under another name.
            (Scheme::Bearer, Some(_)) => refused("a bound token as Bearer"),
            (Scheme::Dpop, None) => refused("the token is bound to no key"),
            (Scheme::Dpop, Some(key)) => {
                let holder = (principal.lineage.as_str(), key);
                self.proofs.check(call, head, credential.token.expose(), target, holder).await
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_confirmation_that_cannot_be_checked_is_none() {
        let of = |value: Value| {
            let claims = json!({"cnf": value}).as_object().unwrap().clone();
            Confirmation::of(&claims).map(|found| found.kind())
        };
        let hash = "a".repeat(43);
        assert_eq!(of(json!({"jkt": hash})), Ok("dpop"));
        assert_eq!(of(json!({"x5t#S256": hash, "kid": "x"})), Ok("mtls"));
        assert_eq!(of(json!({"x5t#S256": hash, "jkt": hash})), Ok("dpop+mtls"));
        for bad in
            [json!(null), json!({}), json!("x"), json!({"jwk": {}}), json!({"jkt": 7}), json!({"jkt": ""})]
        {
            assert_eq!(of(bad.clone()), Err("cnf"), "{bad}");
        }
        assert_eq!(Confirmation::of(&Map::new()).map(|found| found.kind()), Ok("none"));
    }
}
