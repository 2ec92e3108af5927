//! `portcullis token explain`: what a token holds, and what the gate makes of it.
//!
//! Invariant: the token is never shown whole, and nothing that names a person is shown: of
//! a value that is not known to be harmless only its kind and length.

use crate::cli::Exit;
use crate::cli::style::Style;
use crate::cli::temporary::Run;
use crate::config::build::Checked;
use crate::config::servers;
use crate::jose::compact::{Compact, MAX_TOKEN_BYTES};
use crate::model::call::{Call, Client};
use crate::model::clock::Clock;
use crate::model::denial::Denial;
use crate::model::ids::{CallId, ServerName};
use crate::model::principal::Principal;
use crate::store::revocations::Known;
use crate::wire::arrival::{Arrival, Head, HttpMethod, Transport};
use anyhow::{Context as _, anyhow};
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Map, Value};
use std::io::Read as _;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
pub(super) struct Options {
    /// Where the token is; standard input by default
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The configuration of the gate that is to judge it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// At which server; by default the one that the token is for, or else the first
    #[arg(long, value_name = "NAME", requires = "config")]
    server: Option<String>,
}

/// Claims that name machines, rights and times.
const SHOWN: [&str; 15] = [
    "iss",
    "aud",
    "client_id",
    "azp",
    "scope",
    "iat",
    "exp",
    "nbf",
    "auth_time",
    "acr",
    "amr",
    "act",
    "may_act",
    "cnf",
    "sub_iss",
];

pub(super) fn explain(options: &Options) -> anyhow::Result<Exit> {
    let token = read(options)?;
    let style = Style::detect();
    let read = Compact::read(&token);
    match &read {
        Ok(token) => {
            println!("{}", style.bold("header"));
            println!("  alg        {:?}", token.algorithm);
            println!("  typ        {}", token.kind.as_deref().unwrap_or("absent"));
            println!("  kid        {}", token.key_id.as_deref().unwrap_or("absent"));
            println!("{}", style.bold("claims"));
            claims(&token.claims, Clock::System.unix_seconds());
        }
        Err(check) => println!("{} it cannot be read as a signed JWT: {}", style.red("note"), why(check)),
    }
    let Some(config) = &options.config else {
        println!("No check was made: --config names the gate that is to judge it.");
        return Ok(if read.is_ok() { Exit::Ok } else { Exit::Failed });
    };
    let checked = match Checked::read(config) {
        Ok(checked) => checked,
        Err(faults) => {
            eprintln!("{faults}");
            return Ok(Exit::Failed);
        }
    };
    if let Some(server) = &options.server {
        let known = servers::names(&checked.file).any(|name| name == server);
        anyhow::ensure!(known, "--server: {}", servers::unknown(&checked.file, server));
    }
    let named = options
        .server
        .clone()
        .or_else(|| read.as_ref().ok().and_then(|token| server_of(&checked, &token.claims)));
    let server = named.or_else(|| checked.file.upstreams.keys().next().cloned());
    let server = ServerName::new(server.ok_or_else(|| anyhow!("the configuration has no upstream"))?);
    match judged(checked, &server, &token)? {
        Ok(_) => {
            println!("{} the gate takes it at {server}", style.green("accepted"));
            Ok(Exit::Ok)
        }
        Err(denial) => {
            let detail = denial.detail().unwrap_or_default();
            println!(
                "{} at {server}: {} ({}{}{detail})",
                style.red("refused"),
                reason(&denial),
                denial.code(),
                if detail.is_empty() { "" } else { ": " }
            );
            Ok(Exit::Failed)
        }
    }
}

fn read(options: &Options) -> anyhow::Result<String> {
    read_from(options.file.as_deref())
}

/// A token from a file, or from standard input.
pub(super) fn read_from(file: Option<&Path>) -> anyhow::Result<String> {
    let mut text = String::new();
    let most = MAX_TOKEN_BYTES as u64 * 4;
    match file {
        Some(path) => {
            let file = std::fs::File::open(path).with_context(|| format!("read {}", path.display()))?;
            file.take(most).read_to_string(&mut text).with_context(|| format!("read {}", path.display()))?;
        }
        None => drop(std::io::stdin().take(most).read_to_string(&mut text).context("read standard input")?),
    }
    let text = text.trim();
    // As it is copied from a request.
    let text = text.strip_prefix("Authorization:").unwrap_or(text).trim();
    let token = text.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    Ok(token.map_or(text, |(_, token)| token).trim().to_owned())
}

fn claims(claims: &Map<String, Value>, now: u64) {
    for (name, value) in claims {
        let shown = match name.as_str() {
            "iat" | "exp" | "nbf" | "auth_time" => relative(value, now),
            name if SHOWN.contains(&name) => value.to_string(),
            "authorization_details" => kinds(value),
            _ => hidden(value),
        };
        println!("  {:<10} {shown}", printable(name));
    }
}

fn relative(value: &Value, now: u64) -> String {
    let Some(at) = value.as_u64() else { return hidden(value) };
    match at.checked_sub(now) {
        Some(left) if left > 0 => format!("{at} (in {left} s)"),
        _ => format!("{at} ({} s ago)", now.saturating_sub(at)),
    }
}

fn kinds(value: &Value) -> String {
    let kinds = value.as_array().into_iter().flatten().filter_map(|detail| detail.get("type")?.as_str());
    format!("of type {}", kinds.collect::<Vec<_>>().join(", "))
}

fn hidden(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "[true or false]".to_owned(),
        Value::Number(_) => "[number]".to_owned(),
        Value::String(text) => format!("[{} characters]", text.chars().count()),
        Value::Array(several) => format!("[list of {}]", several.len()),
        Value::Object(members) => format!("[object of {}]", members.len()),
    }
}

fn printable(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(40).collect()
}

/// The server whose resource the token names.
pub(super) fn server_of(checked: &Checked, claims: &Map<String, Value>) -> Option<String> {
    let public_url = checked.file.public_url.value.trim_end_matches('/');
    let names = |server: &&String| {
        let resource = format!("{public_url}/{server}/mcp");
        match claims.get("aud") {
            Some(Value::Array(several)) => several.iter().any(|one| *one == resource.as_str()),
            Some(one) => *one == resource.as_str(),
            None => false,
        }
    };
    checked.file.upstreams.keys().chain(checked.file.federations.keys()).find(names).cloned()
}

/// What the gate's own stage says, in a state of its own, and what was revoked in the gate's.
pub(super) fn judged(
    checked: Checked,
    server: &ServerName,
    token: &str,
) -> anyhow::Result<Result<Principal, Denial>> {
    let revocations = checked.revocations().context("read what was revoked")?;
    let mut run = Run::begin()?;
    let folder = run.folder("token")?;
    let judged = run.until_stopped(async {
        let gate = checked.with_state(folder).build(&Clock::System)?.gate;
        let mut headers = HeaderMap::new();
        let value = HeaderValue::from_str(&format!("Bearer {token}"));
        headers.insert(header::AUTHORIZATION, value.map_err(|_| anyhow!("no header can hold that token"))?);
        let head = Head {
            method: HttpMethod::Post,
            server: server.clone(),
            query: None,
            headers,
            peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
            by: Transport::StreamableHttp,
            certificate: None,
            again: false,
        };
        let arrival = Arrival { head, body: Box::pin(std::future::pending()), client: Client::patient() };
        let mut call = Call::begin(CallId::new(crate::jose::random_id()), Clock::System, Client::patient());
        let known = gate.identity.authenticate(&mut call, arrival).await;
        let principal = known.map(|known| known.into_parts().0);
        anyhow::Ok(principal.and_then(|principal| {
            let revoked = revocations.holds(&Known::of(&principal));
            if revoked { Err(Denial::TokenRefused("revoked")) } else { Ok(principal) }
        }))
    });
    judged.ok_or_else(|| anyhow!("it was stopped before the token was judged"))?
}

pub(super) fn reason(denial: &Denial) -> String {
    match denial {
        Denial::TokenRefused(check) => why(check).to_owned(),
        Denial::KeysUnavailable { .. } => {
            "the issuer's keys cannot be had; `portcullis doctor` says why".to_owned()
        }
        Denial::IntrospectionUnavailable(_) => {
            "its issuer cannot be asked about it; `portcullis doctor` says why".to_owned()
        }
        Denial::BindingRefused("a bound token as Bearer" | "no certificate") => {
            "the token itself is good; its holder must show the key or the certificate that it is bound to"
                .to_owned()
        }
        Denial::BindingRefused("the token is not bound") => {
            "its issuer's tokens must be bound to a key or a certificate (`sender_constrained`)".to_owned()
        }
        other => other.message(),
    }
}

/// A check that failed, in more words.
fn why(check: &str) -> &'static str {
    match check {
        "token too large" => "it is larger than any access token should be",
        "segments" => "it has not the three parts of a signed JWT; an opaque token, perhaps",
        "base64url" => "a part of it is not base64url: was all of it copied, and nothing else?",
        "not a JSON object" => "its header or its claims are not one JSON object, each member named once",
        "header parameter" => "its header carries a key, points to one, or demands what the gate does not do",
        "algorithm" => "its algorithm is not one of those that are configured for its issuer",
        "issuer" => "its issuer (`iss`) is not among `issuers`, byte for byte",
        "unknown key" => "its issuer publishes no key of that `kid` for that algorithm",
        "key id missing" => "it names no key, and its issuer has several",
        "inactive" => "its issuer says that it is not active, or that it is another issuer's",
        "signature" => "the signature does not hold: it was changed, or signed by another key",
        "typ" => "it is no access token of RFC 9068 (`typ` must be at+jwt): an ID token, perhaps",
        "audience" => {
            "it is for another resource: `aud` must be this server's URL or the gate's, and nothing else"
        }
        "expired" => "it is over (`exp`); the clocks may differ, too",
        "issued in the future" | "not yet valid" => "it is not valid yet (`iat`, `nbf`): the clocks differ",
        "lifetime" => "it lives longer than `max_token_life` allows",
        "delegated token" => "it is one that the gate was given to act with, and no caller's",
        "scope" => "its `scope` is not a string of scope names",
        "act" | "may_act" => "its chain of actors is malformed, too long, or names another than the gate",
        "revoked" => "a security event has revoked it",
        "exp" | "iat" | "nbf" => "a time in it is missing or no whole number",
        "iss" | "sub" | "client_id" | "jti" => "a claim that RFC 9068 requires is missing or unusable",
        _ => "the check of this name failed; docs/identity.md says what is never taken",
    }
}
