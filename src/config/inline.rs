//! Secrets that stand in the configuration, where they do not belong: in the environment
//! of a child, in its arguments, in a URL.
//!
//! A value is taken for one by the name it is given to, and by the detectors of the
//! profile `secrets`. No fault holds the value.

use crate::config::file::{CommandFile, File, UpstreamFile};
use crate::model::fault::SourceFault;
use crate::redact::locate::Locator;
use crate::redact::plan::Detection;
use crate::redact::rules::Rules;
use serde_saphyr::Spanned;
use url::Url;

/// Words of a name that say that its value is a secret.
const WORDS: [&str; 14] = [
    "apikey",
    "auth",
    "bearer",
    "cookie",
    "credential",
    "credentials",
    "dsn",
    "key",
    "passphrase",
    "passwd",
    "password",
    "pat",
    "secret",
    "token",
];
/// Words of a name that say that it is about one, and none itself.
const ABOUT: [&str; 11] =
    ["file", "path", "url", "uri", "id", "name", "endpoint", "host", "ttl", "type", "seconds"];
const INSTEAD: &str = "write `env:NAME`, `file:PATH` or `{ command: [program, argument] }` in its place";

/// Every secret that was found, at the place of its upstream.
pub(super) fn secrets(name: &str, file: &File, rules: &Rules) -> Vec<SourceFault> {
    let mut faults = Vec::new();
    let detection = rules.detection(&["secrets".to_owned()]).unwrap_or_else(|why| {
        let fault = format!("{why}: it is to find secrets in the configuration");
        faults.push(SourceFault::whole(name, fault));
        None
    });
    for (server, upstream) in &file.upstreams {
        for what in of_upstream(&upstream.value, detection.as_ref()) {
            faults.push(SourceFault::at(name, upstream, format!("`{server}`: {what}")));
        }
    }
    let urls: [Option<&Spanned<String>>; 1] = [Some(&file.public_url)];
    for url in urls.into_iter().flatten().filter(|url| in_url(&url.value)) {
        faults.push(SourceFault::at(name, url, "a URL must not hold a password or a token"));
    }
    faults
}

fn of_upstream(upstream: &UpstreamFile, detection: Option<&Detection>) -> Vec<String> {
    let mut found = Vec::new();
    for (variable, value) in &upstream.environment {
        let Some(value) = value.inline() else { continue };
        if names_a_secret(variable) || is_secret(variable, value, detection) || in_url(value) {
            found.push(format!("`environment` holds a secret, {variable}: {INSTEAD}"));
        }
    }
    if let Some(CommandFile::Words(words)) = &upstream.command
        && (words.iter().any(|word| is_secret("argument", word, detection) || in_url(word)) || given(words))
    {
        found.push(
            "`command` holds a secret, which every process of this machine can read: give it in \
             `environment`"
                .to_owned(),
        );
    }
    if upstream.url.iter().chain(&upstream.sse_url).any(|url| in_url(url)) {
        found.push("a URL must not hold a password or a token".to_owned());
    }
    found
}

/// By its parts: `GITHUB_TOKEN` and `apiKey`, but neither `KEYBOARD` nor `TOKEN_FILE`.
fn names_a_secret(name: &str) -> bool {
    let mut spaced = String::new();
    let mut lower = false;
    for c in name.chars() {
        if c.is_ascii_uppercase() && lower {
            spaced.push(' ');
        }
        lower = c.is_ascii_lowercase();
        spaced.push(if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' });
    }
    let parts: Vec<&str> = spaced.split(' ').filter(|part| !part.is_empty()).collect();
    let last_is_about = parts.last().is_some_and(|last| ABOUT.contains(last));
    !last_is_about && parts.iter().any(|part| WORDS.contains(part))
}

/// `--token x` and `--token=x`.
fn given(words: &[String]) -> bool {
    let flag = |word: &str| word.starts_with('-') && names_a_secret(word);
    words.iter().enumerate().any(|(place, word)| match word.split_once('=') {
        Some((name, value)) => flag(name) && !value.is_empty(),
        None => flag(word) && words.get(place + 1).is_some_and(|next| !next.starts_with('-')),
    })
}

fn is_secret(name: &str, value: &str, detection: Option<&Detection>) -> bool {
    // The name is shown to the detectors too: some know a value by it alone.
    let shown = format!("{name}={value}");
    // What cannot be read to its end may hide one.
    detection.is_some_and(|detection| {
        Locator::new(detection.clone(), 2000).locate(&shown).map_or(true, |found| !found.is_empty())
    })
}

fn in_url(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    url.password().is_some()
        || url.query_pairs().any(|(name, value)| names_a_secret(&name) && !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_its_value_is() {
        for name in
            ["API_KEY", "apiKey", "GITHUB_TOKEN", "DB_PASSWORD", "clientSecret", "--auth", "SENTRY_DSN"]
        {
            assert!(names_a_secret(name), "{name}");
        }
        for name in ["PORT", "KEYBOARD", "TOKEN_FILE", "API_KEY_ID", "AUTHOR", "LOG_LEVEL", "PASSWORD_PATH"] {
            assert!(!names_a_secret(name), "{name}");
        }
    }

    #[test]
    fn urls_and_arguments_hold_no_secrets() {
        assert!(in_url("https://u:p@db.example/") && in_url("https://a.example/?api_key=1"));
        assert!(!in_url("https://a.example/?page=1") && !in_url("plain text"));
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        assert!(given(&words(&["serve", "--token", "x"])) && given(&words(&["serve", "--api-key=x"])));
        assert!(
            !given(&words(&["serve", "--token-file", "x"])) && !given(&words(&["serve", "--auth", "--port"]))
        );
    }
}
