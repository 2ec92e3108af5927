//! Where an issuer's metadata and keys may be (RFC 8414 §3, OpenID Connect Discovery §4).
//!
//! Invariant: no URL is given out here that is neither https nor on this machine itself.

use crate::jose::issuer::{IssuerFault, IssuerSettings, safe_url};
use serde_json::Value;
use url::Url;

/// The three forms: RFC 8414 §3.1 inserts the well-known part before an issuer's path,
/// OpenID Connect Discovery §4.1 appends it.
pub(super) fn metadata_urls(issuer: &str) -> Result<Vec<Url>, IssuerFault> {
    let base = safe_url(issuer)?;
    let path = base.path().trim_end_matches('/').to_owned();
    let at = |path: String| {
        let mut url = base.clone();
        url.set_path(&path);
        url
    };
    let mut urls = vec![
        at(format!("/.well-known/oauth-authorization-server{path}")),
        at(format!("/.well-known/openid-configuration{path}")),
    ];
    if !path.is_empty() {
        urls.push(at(format!("{path}/.well-known/openid-configuration")));
    }
    Ok(urls)
}

/// Where the metadata says that the keys are.
pub(super) fn keys_url(metadata: &Value, settings: &IssuerSettings) -> Result<Url, IssuerFault> {
    let uri = metadata.get("jwks_uri").and_then(Value::as_str);
    let uri = safe_url(uri.ok_or(IssuerFault("no jwks_uri in the metadata"))?)?;
    match strays(&uri, settings)? {
        None => Ok(uri),
        Some(Strays::Host) => Err(IssuerFault("jwks_uri is on another host than the issuer")),
        Some(Strays::Scheme) => Err(IssuerFault("jwks_uri is not https, and the issuer is")),
    }
}

/// Where it says that an endpoint is: what is sent there proves who the gate is, or is a token.
pub(super) fn endpoint_url(uri: &str, settings: &IssuerSettings) -> Result<Url, IssuerFault> {
    let uri = safe_url(uri)?;
    match strays(&uri, settings)? {
        None => Ok(uri),
        Some(Strays::Host) => Err(IssuerFault("an endpoint is on another host than the issuer")),
        Some(Strays::Scheme) => Err(IssuerFault("an endpoint is not https, and the issuer is")),
    }
}

enum Strays {
    Host,
    Scheme,
}

/// How a URL leads away from its issuer: to another host, unless the configuration names it, or
/// from https.
fn strays(uri: &Url, settings: &IssuerSettings) -> Result<Option<Strays>, IssuerFault> {
    let issuer = safe_url(&settings.issuer)?;
    let host = uri.host_str().unwrap_or_default();
    let other = Some(host) != issuer.host_str() && !settings.hosts.iter().any(|named| named == host);
    let plain = issuer.scheme() == "https" && uri.scheme() != "https";
    Ok(if other { Some(Strays::Host) } else { plain.then_some(Strays::Scheme) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn metadata_is_looked_for_in_three_places() {
        let urls: Vec<String> =
            metadata_urls("https://as.example/tenant/").unwrap().iter().map(Url::to_string).collect();
        assert_eq!(
            urls,
            [
                "https://as.example/.well-known/oauth-authorization-server/tenant",
                "https://as.example/.well-known/openid-configuration/tenant",
                "https://as.example/tenant/.well-known/openid-configuration"
            ]
        );
    }

    #[test]
    fn keys_and_endpoints_are_with_their_issuer_or_where_the_configuration_says() {
        let mut settings = IssuerSettings::new("https://as.example/tenant");
        let keys = |uri: &str, settings: &IssuerSettings| {
            let keys = keys_url(&json!({"jwks_uri": uri}), settings).is_ok();
            assert_eq!(endpoint_url(uri, settings).is_ok(), keys, "{uri}: endpoints are held to the same");
            keys
        };
        assert!(keys("https://as.example/keys", &settings));
        assert!(keys("https://as.example:8443/keys", &settings));
        for uri in [
            "https://keys.example/",
            "https://as.example.evil.example/",
            "http://as.example/keys",
            "http://localhost/keys",
            "https://x@as.example/keys",
            "https://as.example/keys#x",
            "/keys",
            "",
        ] {
            assert!(!keys(uri, &settings), "{uri}");
        }
        settings.hosts.push("keys.example".to_owned());
        assert!(keys("https://keys.example/", &settings));
        assert!(!keys("https://x.keys.example/", &settings));
        let local = IssuerSettings::new("https://localhost");
        assert!(!keys("http://localhost/keys", &local), "from https to http");
    }
}
