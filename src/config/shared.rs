//! The server that replicas share, and how the gate is known to it.

use crate::config::file::File;
use crate::config::secret::SecretFile;
use crate::model::fault::SourceFault;
use crate::model::path::FilePath;
use crate::store::shared::Place;
use redis::io::tcp::TcpSettings;
use redis::{Client, ConnectionAddr, IntoConnectionInfo as _, TlsCertificates};
use serde::Deserialize;
use std::path::Path;
use std::time::Duration;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedFile {
    /// `rediss://HOST:PORT/DATABASE`; `redis://` and `unix://` for this machine itself.
    pub redis: String,
    pub user: Option<String>,
    pub password: Option<SecretFile>,
    /// Whose certificate the server shows; the system's authorities by default.
    pub ca_file: Option<FilePath>,
    /// How long to wait for the server before a call is refused.
    #[serde(default = "default_timeout")]
    pub timeout_milliseconds: u64,
}

fn default_timeout() -> u64 {
    500
}

/// The server, if one is configured and its settings are usable.
pub(super) fn read(name: &str, file: &File, folder: &Path, faults: &mut Vec<SourceFault>) -> Option<Place> {
    let shared = file.shared.as_ref()?;
    let place = place(&shared.value, folder);
    place.map_err(|fault| faults.push(SourceFault::at(name, shared, format!("`shared`: {fault}")))).ok()
}

fn place(file: &SharedFile, folder: &Path) -> Result<Place, String> {
    let patience = Duration::from_millis(file.timeout_milliseconds);
    if !(10..=5_000).contains(&file.timeout_milliseconds) {
        return Err("`timeout_milliseconds` may be 10 to 5000".into());
    }
    // What is wrong with a URL is not repeated: it may hold a password.
    let info = file.redis.as_str().into_connection_info();
    let info = info.map_err(|_| "`redis` must be a URL such as rediss://redis.internal:6379/0")?;
    let mut settings = info.redis_settings().clone();
    if settings.username().is_some() || settings.password().is_some() {
        return Err("`redis` must not hold a user or a password: write them as `user` and `password`".into());
    }
    let encrypted = is_safe(info.addr())?;
    let secret = file.password.as_ref().map(|password| password.secret(folder)).transpose()?;
    match (&file.user, &secret) {
        (Some(_), None) => return Err("`user` needs a `password`".into()),
        (Some(user), _) => settings = settings.set_username(user),
        (None, _) => {}
    }
    if let Some(password) = &secret {
        settings = settings.set_password(password.expose());
    }
    let tcp = TcpSettings::default().set_nodelay(true);
    let info = info.set_redis_settings(settings).set_tcp_settings(tcp);
    let client = match &file.ca_file {
        Some(_) if !encrypted => return Err("`ca_file` needs a rediss:// URL".into()),
        Some(path) => {
            let path = folder.join(path);
            let root = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert: Some(root) })
                .map_err(|_| format!("{}: no certificate in it can be used", path.display()))
        }
        None => Client::open(info).map_err(|_| "the server cannot be used".to_owned()),
    };
    Ok(Place { client: client?, secret, patience })
}

/// Whether the way there is encrypted. A way over a network must be.
fn is_safe(address: &ConnectionAddr) -> Result<bool, String> {
    match address {
        ConnectionAddr::TcpTls { insecure: false, .. } => Ok(true),
        ConnectionAddr::TcpTls { .. } => Err("a server whose certificate is not verified is not used".into()),
        ConnectionAddr::Unix(_) => Ok(false),
        ConnectionAddr::Tcp(host, _) if is_local(host) => Ok(false),
        _ => Err("rediss:// is required, except for this machine itself".into()),
    }
}

fn is_local(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(yaml: &str) -> Result<Place, String> {
        place(&serde_saphyr::from_str(yaml).unwrap(), Path::new("/nowhere"))
    }

    #[test]
    fn a_server_elsewhere_is_spoken_to_in_secret() {
        for well in [
            "redis: rediss://redis.internal:6380/2",
            "redis: redis://127.0.0.1:6379",
            "redis: redis://localhost/1",
            "redis: 'redis://[::1]:6379'",
            "redis: unix:///run/redis.sock",
        ] {
            assert!(read(well).is_ok(), "{well}");
        }
        for (wrong, word) in [
            ("redis: redis://redis.internal:6379", "rediss://"),
            ("redis: redis://127.0.0.1.evil.example", "rediss://"),
            ("redis: 'rediss://redis.internal/#insecure'", "not verified"),
            ("redis: 'rediss://user:hunter2@redis.internal'", "`password`"),
            ("redis: https://redis.internal", "must be a URL"),
            ("redis: rediss://redis.internal\npassword: hunter2", "must not stand"),
            ("redis: rediss://redis.internal\nuser: gate", "needs a `password`"),
            ("redis: rediss://redis.internal\nca_file: none.pem", "/nowhere/none.pem"),
            ("redis: redis://localhost\nca_file: none.pem", "needs a rediss"),
            ("redis: redis://localhost\ntimeout_milliseconds: 1", "10 to 5000"),
        ] {
            let fault = read(wrong).err().unwrap();
            assert!(fault.contains(word) && !fault.contains("hunter2"), "{wrong}: {fault}");
        }
    }
}
