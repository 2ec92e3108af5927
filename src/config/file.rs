//! The configuration file: YAML, read once, checked whole.

pub use crate::config::client::{ClientFile, LocalStsFile};
pub use crate::config::holders::{DpopFile, IntrospectionFile, ScopesFile};
use crate::config::issuer::IssuerFile;
use crate::config::secret::SecretFile;
use crate::config::shared::SharedFile;
pub use crate::config::signals::SignalsFile;
use crate::model::fault::SourceFault;
use crate::model::path::FilePath;
use crate::model::yaml::read_yaml;
use crate::wire::revision::Era;
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use std::num::{NonZeroU64, NonZeroUsize};

/// `portcullis.yaml`. Paths in it are relative to the file itself.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Where to listen, such as `127.0.0.1:8700`.
    pub listen: Spanned<String>,
    /// The gate's URL as clients know it. Never taken from a request.
    pub public_url: Spanned<String>,
    /// Where to serve counters at `/metrics`, such as `127.0.0.1:9464`. Plain HTTP to whoever
    /// can reach it; nowhere by default.
    pub metrics: Option<Spanned<String>>,
    /// Audit journal, pins and keys.
    pub state_dir: FilePath,
    pub issuers: Vec<Spanned<IssuerFile>>,
    /// How the gate itself is known to the first issuer. Needed for `auth: exchange`.
    pub client: Option<Spanned<ClientFile>>,
    #[serde(default)]
    pub dpop: DpopFile,
    #[serde(default)]
    pub scopes: ScopesFile,
    #[serde(default)]
    pub local_sts: LocalStsFile,
    /// Receives security events (RFC 8417) at `/signals`.
    pub signals: Option<Spanned<SignalsFile>>,
    /// A server that replicas share; each remembers for itself by default.
    pub shared: Option<Spanned<SharedFile>>,
    pub upstreams: BTreeMap<String, Spanned<UpstreamFile>>,
    /// Endpoints at which several upstreams are reached as one.
    #[serde(default)]
    pub federations: BTreeMap<String, Spanned<FederationFile>>,
    /// Folders of rules: `detectors/`, `profiles/`, `tools/`, `injection/`. Detectors,
    /// profiles and injection rules are added to those that ship with the gate.
    pub rules: Option<FilePath>,
    /// A folder of Rego that takes the place of the default policy.
    pub policies: Option<FilePath>,
    /// Pages for people, named in the metadata of protected resources (RFC 9728).
    #[serde(default)]
    pub about: AboutFile,
    /// Browser origins that may call the gate. None by default.
    #[serde(default)]
    pub allowed_origins: Vec<String>,
    /// Without it the listener speaks plain HTTP, for a proxy in front that speaks TLS.
    pub tls: Option<Spanned<TlsFile>>,
    #[serde(default)]
    pub limits: LimitsFile,
    #[serde(default)]
    pub guard: GuardFile,
    #[serde(default)]
    pub vault: VaultFile,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpstreamFile {
    /// The server's Streamable HTTP endpoint.
    pub url: Option<String>,
    /// Or its event stream (HTTP+SSE, MCP 2024-11-05).
    pub sse_url: Option<String>,
    /// Or the program that is the server, run by the gate.
    pub command: Option<CommandFile>,
    /// All that the program finds in its environment, beside the gate's PATH and HOME.
    #[serde(default)]
    /// Secrets by where they are; plain settings as they are.
    pub environment: BTreeMap<String, SecretFile>,
    /// Where the program runs; the folder of this file by default.
    pub folder: Option<FilePath>,
    pub auth: Auth,
    /// The audience of delegated tokens (RFC 8693).
    pub audience: Option<String>,
    /// Or its resource identifier (RFC 8707), or both; `aud` is then the audience.
    pub resource: Option<String>,
    /// Its tokens are bound to a key of the gate's, of which each request shows a proof
    /// (RFC 9449).
    #[serde(default)]
    pub dpop: bool,
    /// The era to speak with it, where it is not to be found out: `legacy` (a session) or
    /// `modern` (2026-07-28). Clients of the other era reach it over a bridge.
    pub era: Option<Era>,
}

/// One endpoint for the tools of several upstreams, each called by its upstream's name and
/// its own: `clinic.getPatient`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FederationFile {
    /// Names of upstreams.
    pub members: Vec<String>,
    /// Between the two names. Some models take no dot in a tool's name; `__` suits them.
    #[serde(default = "default_separator")]
    pub separator: String,
}

/// URLs of pages for people.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AboutFile {
    pub documentation: Option<Spanned<String>>,
    pub policy: Option<Spanned<String>>,
    pub terms_of_service: Option<Spanned<String>>,
}

/// A program and its arguments.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "write a list, [program, argument, …]")]
pub enum CommandFile {
    Words(Vec<String>),
    /// Refused: splitting it would take a shell's rules.
    Line(String),
}

/// TLS of the listener. The files are read again when they change.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFile {
    /// PEM: the gate's certificate, then those between it and its authority.
    pub certificate_file: Spanned<FilePath>,
    /// PEM, readable by its owner alone.
    pub private_key_file: Spanned<FilePath>,
    /// PEM: authorities of client certificates. If it is there, clients must show one.
    pub client_ca_file: Option<Spanned<FilePath>>,
    /// They may show one, and need not.
    #[serde(default)]
    pub client_certificate_optional: bool,
}

/// How an upstream is authenticated to. There is no default: leaving it out would be
/// a choice nobody made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Auth {
    Exchange,
    /// The gate signs the delegated token itself: for authorization servers that cannot
    /// exchange.
    LocalSts,
    None,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsFile {
    pub max_request_bytes: usize,
    pub max_result_bytes: usize,
    pub request_seconds: u64,
    pub upstream_seconds: u64,
    pub connections: NonZeroUsize,
    /// Of one address, or one /64 of IPv6. A proxy in front is one peer.
    pub connections_per_peer: NonZeroUsize,
    /// How long an HTTP/2 connection may go without a request.
    pub idle_seconds: u64,
    /// How long open requests may go on after the signal to stop.
    pub drain_seconds: u64,
    /// A stream that is silent for so long sends a comment, so that nothing between takes
    /// it for dead.
    pub heartbeat_seconds: NonZeroU64,
    pub audit_milliseconds: u64,
    /// Children of one server at once.
    pub children: usize,
    /// A child that nobody made use of for so long is ended.
    pub child_idle_seconds: u64,
}

impl Default for LimitsFile {
    fn default() -> Self {
        Self {
            max_request_bytes: 1 << 20,
            max_result_bytes: 16 << 20,
            request_seconds: 10,
            upstream_seconds: 30,
            connections: NonZeroUsize::MIN.saturating_add(1023),
            connections_per_peer: NonZeroUsize::MIN.saturating_add(255),
            idle_seconds: 60,
            drain_seconds: 10,
            heartbeat_seconds: NonZeroU64::MIN.saturating_add(14),
            audit_milliseconds: 1000,
            children: 32,
            child_idle_seconds: 600,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GuardFile {
    pub calls_per_second: u32,
    pub call_burst: u32,
    pub tool_calls_per_second: u32,
    pub tool_call_burst: u32,
    /// Distinct data subjects per caller and window.
    pub subjects: usize,
    pub window_seconds: u64,
    pub kill_seconds: u64,
}

impl Default for GuardFile {
    fn default() -> Self {
        Self {
            calls_per_second: 50,
            call_burst: 100,
            tool_calls_per_second: 10,
            tool_call_burst: 20,
            subjects: 50,
            window_seconds: 3600,
            kill_seconds: 3600,
        }
    }
}

/// Of the operators `pseudonym` and `token`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VaultFile {
    /// How long a stand-in is good after it was last given.
    pub seconds: NonZeroU64,
    /// Of one caller; beyond it values are masked.
    pub pseudonyms: usize,
}

impl Default for VaultFile {
    fn default() -> Self {
        Self { seconds: NonZeroU64::MIN.saturating_add(8 * 3600 - 1), pseudonyms: 10_000 }
    }
}

fn default_separator() -> String {
    ".".to_owned()
}

impl File {
    /// # Errors
    /// A fault with line and column.
    pub fn read(name: &str, text: &str) -> Result<Self, SourceFault> {
        read_yaml(name, text).map_err(|fault: SourceFault| {
            let wanted =
                WANTED.iter().find(|(name, _)| fault.message.starts_with(&format!("`{name}` is missing")));
            match wanted {
                Some((name, line)) => {
                    SourceFault { message: format!("`{name}` is missing: write {line}"), ..fault }
                }
                None => fault,
            }
        })
    }
}

/// What to write where something is missing of which a name alone says too little.
const WANTED: [(&str, &str); 6] = [
    ("listen", "`listen: 127.0.0.1:8700`, the address that the gate is to have"),
    ("public_url", "`public_url: https://gate.example`, the gate's URL as clients know it"),
    ("state_dir", "`state_dir: state`, a folder for the audit journal, pins and keys"),
    (
        "issuers",
        "`issuers: [{ issuer: 'https://as.example' }]`, the authorization servers whose tokens are taken",
    ),
    ("upstreams", "`upstreams: { clinic: { url: 'http://127.0.0.1:9001/mcp', auth: none } }`, the servers"),
    (
        "auth",
        "`auth: exchange` (tokens by exchange at the authorization server), `auth: local_sts` (tokens that the gate \
         signs) or `auth: none` (no token)",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_with_a_line_to_write() {
        let said = |text: &str| File::read("x", text).unwrap_err().to_string();
        let mut text = String::new();
        for (name, line) in WANTED.iter().take(4) {
            assert!(
                said(&format!("{text}metrics: x\n")).contains(&format!("`{name}` is missing: write {line}"))
            );
            text += &format!("{}\n", line.split('`').nth(1).unwrap());
        }
        assert!(said(&text).contains("write `upstreams: { clinic: "), "{}", said(&text));
        let upstream = said(&format!("{text}upstreams:\n  clinic: {{ url: x }}\n"));
        assert!(
            upstream.starts_with("x:6:") && upstream.contains("`auth: local_sts` (tokens that"),
            "{upstream}"
        );
    }
}
