//! `portcullis doctor` and `portcullis token explain`: what is wrong, in words, with exit codes.

use crate::commands::cut_short;
use crate::exchange::{RULES, upstream};
use crate::support::authority::{Authority, CLIENT, now};
use crate::support::upstream::Upstream;
use crate::support::{PROGRAM, folder};
use portcullis::jose::sign::SigningKey;
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn configured(name: &str, issuer: &str, client: &str, upstream: &str) -> PathBuf {
    let state = folder(name);
    std::fs::create_dir_all(state.join("rules/tools")).unwrap();
    std::fs::write(state.join("rules/tools/records.yaml"), RULES).unwrap();
    write(&state, issuer, client, upstream);
    state
}

fn write(state: &Path, issuer: &str, client: &str, upstream: &str) {
    let configuration = format!(
        "listen: 127.0.0.1:8700\npublic_url: https://gate.example\nstate_dir: state\nrules: rules\n\
         issuers: [{{ issuer: '{issuer}' }}]\n{client}upstreams:\n  records: {{ {upstream} }}\n"
    );
    std::fs::write(state.join("portcullis.yaml"), configuration).unwrap();
}

fn run(words: &[&str], state: &Path, input: &str) -> (Option<i32>, String) {
    let mut child = Command::new(PROGRAM)
        .args(words)
        .arg("--config")
        .arg(state.join("portcullis.yaml"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn the_doctor_says_what_is_well_and_what_to_do() {
    let (authority, upstream) = (Authority::start(), upstream());
    let state = configured("doctor", authority.url(), "", "url: 'http://127.0.0.1:1/', auth: none");
    let client = authority.client(&state);
    let exchanged = format!("url: '{}', auth: exchange, audience: 'urn:records'", upstream.url);
    let doctor = |issuer: &str, client: &str, upstream: &str| {
        write(&state, issuer, client, upstream);
        run(&["doctor"], &state, "")
    };
    let (code, said) = doctor(authority.url(), &client, &exchanged);
    assert_eq!(code, Some(0), "{said}");
    for line in [
        "ok     configuration",
        "ok     issuer",
        "ok     client portcullis",
        "ok     upstream records: tools: 1",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(!state.join("state").exists(), "nothing is left behind");

    let local = format!("url: '{}', auth: local_sts, audience: 'urn:records'", upstream.url);
    let (code, said) = doctor(authority.url(), "", &local);
    assert!(code == Some(0) && said.contains("trust the issuer https://gate.example/records/sts"), "{said}");

    let shared = "shared: { redis: 'redis://127.0.0.1:1' }\n";
    let (code, said) = doctor(authority.url(), shared, "url: 'http://127.0.0.1:1/', auth: none");
    assert!(code == Some(1) && said.contains("wrong  shared: the shared server cannot be reached"), "{said}");
    assert!(said.contains("127.0.0.1:1 refuses connections — see that it runs and listens there, and that the port in `redis`"), "{said}");

    let plain = format!("url: '{}', auth: none", upstream.url.replace("http:", "https:"));
    let slash = format!("{}/", authority.url());
    let stranger = state.join("stranger.pem");
    std::fs::write(&stranger, SigningKey::generate().unwrap().to_pem()).unwrap();
    std::fs::set_permissions(&stranger, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let unknown = format!("client: {{ client_id: {CLIENT}, private_key_file: stranger.pem }}\n");
    for (issuer, client, upstream, line, instead) in [
        (
            "http://127.0.0.1:1",
            "",
            "url: 'http://127.0.0.1:1/', auth: none",
            "wrong  issuer http://127.0.0.1:1: the issuer cannot be reached: 127.0.0.1:1 refuses connections",
            "see that it runs",
        ),
        (&slash, "", "url: 'http://127.0.0.1:1/', auth: none", "wrong  issuer", "to the slash"),
        (
            authority.url(),
            "",
            "url: 'http://127.0.0.1:1/', auth: none",
            "wrong  upstream records: it cannot be reached: 127.0.0.1:1 refuses connections",
            "that the port in `url` is its own",
        ),
        (
            authority.url(),
            "",
            "url: 'https://no-such-host.invalid/mcp', auth: none",
            "upstream records: it cannot be reached: there is no host `no-such-host.invalid`",
            "see how `url` is spelt",
        ),
        (
            authority.url(),
            "",
            &plain,
            "ends the connection when TLS begins",
            "see that https and the port in `url` are right",
        ),
        (
            authority.url(),
            "",
            "command: [no-such-program-here], auth: none",
            "there is no program `no-such-program-here` in PATH",
            "write its whole path",
        ),
        (authority.url(), &unknown, &exchanged, "does not know the client", "register the client id"),
    ] {
        let (code, said) = doctor(issuer, client, upstream);
        assert!(
            code == Some(1) && said.contains(line) && said.contains(instead),
            "{line}, {instead}: {said}"
        );
    }
}

/// What the gate would not serve, or would block, is not called well.
#[test]
fn the_doctor_holds_a_servers_tools_against_rules_and_pins() {
    let closed = json!({"type": "object", "properties": {"id": {}}, "additionalProperties": false});
    let tool = |name: &str, output: &Value| json!({"name": name, "inputSchema": {"type": "object"}, "outputSchema": output});
    let tools = json!([
        tool("read", &closed),
        tool("look", &closed),
        tool("count", &json!({})),
        tool("purge\u{1b}[2J", &closed)
    ]);
    let upstream = Upstream::start(tools, |_, _| {});
    let authority = Authority::start();
    let line = format!("url: '{}', auth: none", upstream.url);
    let state = configured("doctor-tools", authority.url(), "", &line);
    let rules = "server: records\ntools:\n  raed: { release: all }\n  look: { release: all, redact: [{ path: $.ssn, as: mask }] }\n  \
                 count: { release: all }\n";
    std::fs::write(state.join("rules/tools/records.yaml"), rules).unwrap();
    std::fs::create_dir_all(state.join("state/pins")).unwrap();
    std::fs::write(state.join("state/pins/records.json"), json!({"count": "another"}).to_string()).unwrap();
    let (code, said) = run(&["doctor"], &state, "");
    assert_eq!(code, Some(1), "{said}");
    for line in [
        "records.yaml has rules for `raed`, a tool that the server does not have — write `read`, if it is meant",
        "`look` is blocked: ",
        "records.yaml:4:1: `$.ssn` can never fire: the tool's outputSchema has no such place — mend the path",
        "`count` is blocked: it is not what it was when it was pinned — review",
        "state/pins/records.json",
        "note   upstream records: not served, for want of rules: `purge\\u{1b}[2J`, `read`. Write rules",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(!said.contains("ok     upstream records"), "{said}");
    let pins = std::fs::read_to_string(state.join("state/pins/records.json")).unwrap();
    assert_eq!(pins, json!({"count": "another"}).to_string(), "the deployment's pins stay as they are");
    std::fs::remove_dir_all(state.join("state/pins")).unwrap();
    std::fs::write(state.join("state/pins"), "").unwrap();
    let (code, said) = run(&["doctor"], &state, "");
    assert!(code == Some(1) && said.contains("state/pins: Not a directory"), "{said}");
    assert!(said.contains("— run this as the gate's user"), "{said}");
}

/// Their folders have keys in them.
#[test]
fn nothing_is_left_behind_when_a_trial_is_cut_short() {
    // It takes connections and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let issuer = format!("http://{}", silent.local_addr().unwrap());
    let state = configured("doctor-cut", &issuer, "", "url: 'http://127.0.0.1:1/', auth: none");
    let config = state.join("portcullis.yaml");
    let mut doctor = Command::new(PROGRAM);
    assert_eq!(cut_short("doctor-begun", doctor.arg("doctor").arg("--config").arg(&config)), Some(1));
    let claims = json!({"iss": issuer, "aud": "https://gate.example/records/mcp", "exp": now() + 60});
    let key = SigningKey::generate().unwrap();
    let token = key.sign("at+jwt", claims.as_object().unwrap()).unwrap();
    std::fs::write(state.join("token"), token).unwrap();
    let mut explain = Command::new(PROGRAM);
    explain.args(["token", "explain"]).arg(state.join("token")).arg("--config").arg(&config);
    assert_eq!(cut_short("explain-begun", &mut explain), Some(2));
}

#[test]
fn a_token_is_explained_and_never_shown() {
    let authority = Authority::start();
    let state = configured("explain", authority.url(), "", "url: 'http://127.0.0.1:1/', auth: none");
    let own = "https://gate.example/records/mcp";
    let person = json!({"email": "alice@example.com"});
    let explain = |token: &str| run(&["token", "explain"], &state, token);
    let good = authority.token(own, &person);
    let (code, said) = explain(&good);
    assert!(code == Some(0) && said.contains("accepted the gate takes it at records"), "{said}");
    assert!(
        said.contains("sub        [5 characters]") && said.contains("email      [17 characters]"),
        "{said}"
    );
    assert!(said.contains("(in 300 s)") || said.contains("(in 299 s)"), "{said}");

    let (code, said) = run(&["token", "explain", "--server", "recods"], &state, &good);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("has no server `recods`; it has `records`; did you mean `records`?"), "{said}");

    let with = |more: Value| authority.token(own, &more);
    let stranger = SigningKey::generate().unwrap();
    let claims = json!({"iss": authority.url(), "aud": own});
    let forged = stranger.sign("at+jwt", claims.as_object().unwrap()).unwrap();
    let mistyped = authority.key().sign("JWT", claims.as_object().unwrap()).unwrap();
    for (token, said) in [
        (with(json!({"exp": now() - 60, "iat": now() - 120})), "it is over"),
        (authority.token("https://other.example/", &json!({})), "for another resource"),
        (with(json!({"iss": "https://other.example"})), "is not among `issuers`"),
        (with(json!({"exp": now() + 100_000})), "lives longer than"),
        (mistyped, "no access token of RFC 9068"),
        (forged, "publishes no key"),
        (good.replace('.', ""), "three parts"),
        (format!("{good}="), "not base64url"),
    ] {
        let (code, answer) = explain(&format!("Authorization: Bearer {token}\n"));
        assert!(code == Some(1) && answer.contains(said), "{said}: {answer}");
        let signature = token.rsplit('.').next().unwrap();
        assert!(!answer.contains(signature) && !answer.contains("alice"), "{answer}");
    }
}
