//! Why something cannot be reached: which address, how far one gets, and what to do.

use crate::config::file::{CommandFile, File, UpstreamFile};
use crate::jose::issuer::Issuer;
use crate::model::ids::ServerName;
use crate::net::HttpClient;
use crate::net::networks::Networks;
use crate::net::probe::{Way, connect, probe};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use url::Url;

/// What is wrong with the way, and what to do about it.
pub(super) struct Trouble {
    pub(super) fault: String,
    pub(super) instead: String,
}

/// Where the configuration says that things are.
pub(super) struct Places {
    upstreams: BTreeMap<ServerName, Place>,
    redis: Option<String>,
    /// The configuration's own.
    folder: PathBuf,
}

enum Place {
    /// With the name that the configuration has for it.
    Url(&'static str, String),
    Program(String),
}

impl Places {
    pub(super) fn of(file: &File, folder: &Path) -> Self {
        let place = |upstream: &UpstreamFile| match (&upstream.url, &upstream.sse_url, &upstream.command) {
            (Some(url), ..) => Some(Place::Url("`url`", url.clone())),
            (None, Some(url), _) => Some(Place::Url("`sse_url`", url.clone())),
            (None, None, Some(CommandFile::Words(words))) => words.first().cloned().map(Place::Program),
            _ => None,
        };
        let upstreams = file.upstreams.iter();
        let upstreams =
            upstreams.filter_map(|(name, upstream)| Some((ServerName::new(name), place(&upstream.value)?)));
        Self {
            upstreams: upstreams.collect(),
            redis: file.shared.as_ref().map(|shared| shared.value.redis.clone()),
            folder: folder.to_owned(),
        }
    }

    /// Of a server behind the gate.
    pub(super) async fn upstream(&self, server: &ServerName) -> Option<Trouble> {
        let (name, url) = match self.upstreams.get(server)? {
            Place::Program(program) => return self::program(program, &self.folder),
            Place::Url(name, url) => (name, Url::parse(url).ok()?),
        };
        let mut trouble = told(probe(&url, &HttpClient::new().ok()?, &Networks::Any).await, name);
        if trouble.instead.is_empty() {
            trouble.instead = format!(
                "see that {name} is, path included, where the server takes MCP, and raise `limits.upstream_seconds` \
                 if it is slow"
            );
        }
        Some(trouble)
    }

    /// Of the server that replicas share, unless it takes connections.
    pub(super) async fn shared(&self) -> Option<Trouble> {
        let url = Url::parse(self.redis.as_ref()?).ok()?;
        let way = connect(url.host_str()?, url.port().unwrap_or(6379), &Networks::Any).await;
        Some(told(way, "`redis`")).filter(|trouble| !trouble.instead.is_empty())
    }
}

/// Of an issuer, at its own address or at an endpoint, unless that takes connections.
pub(super) async fn issuer(issuer: &Issuer, endpoint: Option<&Url>) -> Option<Trouble> {
    let own = Url::parse(&issuer.settings.issuer).ok();
    let way = probe(endpoint.or(own.as_ref())?, issuer.client(), &issuer.settings.reachable()).await;
    let place = if endpoint.is_some() { "the endpoint of the issuer's metadata" } else { "`issuer`" };
    Some(told(way, place)).filter(|trouble| !trouble.instead.is_empty())
}

/// `place` is what names the address. Without advice where connections are taken.
fn told(way: Way, place: &str) -> Trouble {
    let (fault, instead) = match way {
        Way::NoSuchHost(host) => (
            format!("there is no host `{host}`"),
            format!("see how {place} is spelt, and that the name server of this machine knows it"),
        ),
        Way::NotAllowed(address) => (
            format!("{address} is in a network that `networks` does not name"),
            format!(
                "if it is meant, name the network beneath the issuer, such as `networks: [{}]`",
                alone(address.ip())
            ),
        ),
        Way::Refused(address) => (
            format!("{address} refuses connections"),
            format!("see that it runs and listens there, and that the port in {place} is its own"),
        ),
        Way::Silent(address) => (
            format!("{address} takes no connection within 3 s"),
            "see that it runs, and that no firewall is between".to_owned(),
        ),
        Way::Failed(address, why) => {
            (format!("{address}: {why}"), "see that this machine has a way there".to_owned())
        }
        Way::Untrusted(address, why) => (
            format!("{address}: {why}"),
            format!(
                "let it show a certificate for the name in {place} of an authority that is trusted here, or name that \
                 authority's file in the variable SSL_CERT_FILE"
            ),
        ),
        Way::NoTls(address) => (
            format!("{address} ends the connection when TLS begins"),
            format!("see that https and the port in {place} are right, and that it takes this name"),
        ),
        Way::Open(address) => {
            (format!("{address} takes connections and gives no usable answer"), String::new())
        }
    };
    Trouble { fault, instead }
}

/// An address as a network of its own.
fn alone(address: std::net::IpAddr) -> String {
    format!("{address}/{}", if address.is_ipv4() { 32 } else { 128 })
}

fn program(name: &str, folder: &Path) -> Option<Trouble> {
    let is_program = |path: &Path| {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    };
    let (there, place) = if name.contains('/') {
        let path = folder.join(name);
        (is_program(&path), path.display().to_string())
    } else {
        let path = std::env::var_os("PATH")?;
        (std::env::split_paths(&path).any(|folder| is_program(&folder.join(name))), "PATH".to_owned())
    };
    Some(if there {
        Trouble {
            fault: format!("the program `{name}` gives no answer"),
            instead:
                "run the `command` by hand, in its `folder` and `environment`: it says there what is wrong"
                    .into(),
        }
    } else if name.contains('/') {
        Trouble {
            fault: format!("there is no program {place}"),
            instead: "see how `command` spells it, and that it may be executed".into(),
        }
    } else {
        Trouble {
            fault: format!("there is no program `{name}` in {place}"),
            instead: "install it, or write its whole path in `command`".into(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_there_is_told_from_one_that_fails() {
        let said = |name: &str| program(name, Path::new("/etc")).unwrap().fault;
        assert_eq!(said("no-such-program-here"), "there is no program `no-such-program-here` in PATH");
        assert_eq!(said("./no-such-program"), "there is no program /etc/./no-such-program");
        assert_eq!(said("passwd/"), "there is no program /etc/passwd/");
        assert_eq!(said("sh"), "the program `sh` gives no answer");
    }
}
