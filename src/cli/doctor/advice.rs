//! What to do about a fault, by its word.

/// By the word of the upstream stage.
pub(super) const UNREACHABLE: &str = "upstream_unreachable";
pub(super) const TIMED_OUT: &str = "upstream_timed_out";

/// Whether the way is to be tried, since the fault does not say where it ends.
pub(super) fn is_unreached(fault: &str) -> bool {
    matches!(
        fault,
        "the issuer cannot be reached"
            | "the issuer did not answer in time"
            | "the issuer's certificate is not to be trusted"
            | "the issuer's address is in a network that `networks` does not name"
            | "the authorization server cannot be reached"
            | "the shared server cannot be reached"
            | "the shared server does not answer in time"
    )
}

/// What to do about the shared server, by its fault.
pub(super) fn shared_advice(fault: &str) -> &'static str {
    match fault {
        "the shared server refuses the password" => "write the `user` and `password` that it knows",
        "the shared server does not let the gate's user run a command" => {
            "allow the commands in that user's ACL: docs/access.md names them"
        }
        "the shared server is a replica that cannot be written to" => "name its primary in `redis`",
        "the shared server does not answer in time" => {
            "see that it runs and is near, or raise `timeout_milliseconds`"
        }
        "the shared server cannot be reached" => {
            "see that it runs at `redis`, that this machine reaches it and, for rediss://, that its certificate is \
             trusted here (`ca_file`)"
        }
        fault if fault.contains("maxmemory-policy") => "CONFIG SET maxmemory-policy noeviction",
        _ => "see that `redis` names a Redis server of version 6.2 or later, and no other program's database",
    }
}

/// What to do about a fault, by its word.
pub(super) fn advice(fault: &str) -> &'static str {
    match fault {
        "the issuer cannot be reached"
        | "the issuer did not answer in time"
        | "the issuer's certificate is not to be trusted"
        | "the authorization server cannot be reached" => {
            "see that it runs and that this machine reaches it; for https, that its certificate is trusted here \
             (SSL_CERT_FILE)"
        }
        "the issuer does not serve the document" | "the issuer's metadata cannot be fetched" => {
            "write the issuer exactly as it names itself, its path included"
        }
        "the issuer's address is in a network that `networks` does not name" => {
            "name its network beneath the issuer: `networks: [10.1.0.0/16]`"
        }
        "jwks_uri is on another host than the issuer" | "an endpoint is on another host than the issuer" => {
            "name that host beneath the issuer, as docs/identity.md says"
        }
        "the metadata names another issuer" => "write `issuer` exactly as its metadata does, to the slash",
        "the authorization server does not know the client" => {
            "register the client id with the public half of its key, its certificate, or its secret"
        }
        "refused by the authorization server" => {
            "let the client have the grants client_credentials and token-exchange for this audience, with scopes \
             such as SERVER:tools/list"
        }
        "it cannot be reached" | "it does not answer in time" => {
            "see that the server runs at its `url`, or the program of its `command`"
        }
        "the server gave no result" | "the server refused" => {
            "see that its `url` is, path included, where it takes MCP"
        }
        "upstream_refused" => "let the server take the gate's tokens: its issuer, audience and scope",
        "the pins cannot be kept" => {
            "see that the files in `pins` of the state directory are as the gate wrote them"
        }
        fault if fault.starts_with("delegated") => {
            "let the authorization server issue exactly what is asked for"
        }
        _ => "docs/delegation.md says what is needed",
    }
}
