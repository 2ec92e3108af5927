//! What identity costs a call: validating the caller's token, exchanging it at an
//! authorization server on this machine, signing one locally; and each of them within a whole
//! call over HTTP, stage by stage as the gate itself counts them, in one run.
//!
//! `cargo bench --bench identity`
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    reason = "a measurement prints, and stops at the first surprise"
)]

#[path = "../../tests/it/support.rs"]
#[allow(dead_code, reason = "shared with the tests, which use all of it")]
mod support;

use portcullis::config::build::Checked;
use portcullis::downstream::{Pinned, Verifier};
use portcullis::exchange::target::{Downstream, Target};
use portcullis::jose::random_id;
use portcullis::model::call::{Call, Client};
use portcullis::model::clock::Clock;
use portcullis::model::ids::{CallId, ServerName};
use portcullis::model::sensitive::Sensitive;
use portcullis::model::stage::Stage;
use portcullis::net::HttpClient;
use portcullis::pipeline::Gate as InProcess;
use portcullis::server::drain::Drain;
use portcullis::server::{listener, router};
use portcullis::wire::arrival::{Arrival, Head, HttpMethod, Transport};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::authority::Authority;
use support::upstream::{Upstream, whole};
use support::{Gate, folder, free_address, modern, modern_headers, request};

const RULES: &str = "server: records\ntools:\n  read: { scopes: ['tools:call'], release: all }\n";
const CALLS: usize = 400;

fn main() {
    let authority = Authority::start();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    println!("each step by itself, median of many (µs)");
    let parts = runtime.block_on(parts(&authority));
    for (name, took) in &parts {
        println!("  {name:<58} {:>9.1}", took.as_secs_f64() * 1e6);
    }
    println!(
        "\na whole tools/call over HTTP, a connection kept open, by how the upstream is authenticated to (µs)"
    );
    let upstream = upstream();
    let ways =
        ["auth: none", "auth: local_sts, audience: 'urn:records'", "auth: exchange, audience: 'urn:records'"];
    let told = ways.map(|auth| calls(&authority, &upstream, auth));
    let row = |name: &str, of: &dyn Fn(&Told) -> f64| {
        let [none, local, exchange] = told.each_ref().map(of);
        println!("  {name:<34} {none:>9.1} {local:>11.1} {exchange:>10.1}");
    };
    println!("  {:<34} {:>9} {:>11} {:>10}", "", "none", "local_sts", "exchange");
    for stage in Stage::ALL {
        row(&format!("{}, mean", stage.name()), &|told| told.stages[stage as usize]);
    }
    row("HTTP and the rest, mean", &|told| told.mean - told.stages.iter().sum::<f64>());
    row("all, mean", &|told| told.mean);
    row(&format!("all, median of {CALLS}"), &|told| told.median);
    row("times `none`", &|other| other.median / told[0].median);
}

fn upstream() -> Upstream {
    let tools = json!([{"name": "read", "inputSchema": {"type": "object"}}]);
    Upstream::start(tools, |message, stream| {
        let result = json!({"content": [{"type": "text", "text": "read"}], "resultType": "complete"});
        whole(stream, message, &result);
    })
}

/// The steps in process, with everything real but the HTTP in front.
async fn parts(authority: &Authority) -> Vec<(&'static str, Duration)> {
    let state = folder("bench-identity");
    std::fs::create_dir_all(state.join("rules/tools")).unwrap();
    for server in ["records", "local"] {
        let rules = RULES.replace("records", server);
        std::fs::write(state.join(format!("rules/tools/{server}.yaml")), rules).unwrap();
    }
    let at = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", at.local_addr().unwrap());
    let configuration = format!(
        "listen: {}\npublic_url: {url}\nstate_dir: .\nrules: rules\nissuers: [{{ issuer: '{}' }}]\n{}upstreams:\n  \
         records: {{ url: 'http://127.0.0.1:1/', auth: exchange, audience: 'urn:records' }}\n  \
         local: {{ url: 'http://127.0.0.1:1/', auth: local_sts, audience: 'urn:local' }}\n",
        at.local_addr().unwrap(),
        authority.url(),
        authority.client(&state),
    );
    let built = Checked::from_text("portcullis.yaml", &configuration, &state, false).unwrap();
    let built = built.build(&Clock::System).unwrap();
    let gate = built.gate;
    let router = router::router(gate.clone(), built.served, built.body, built.heartbeat);
    tokio::spawn(listener::serve(at, router, listener::Limits::default(), None, Drain::default()));

    let (records, local) = (ServerName::new("records"), ServerName::new("local"));
    let token = authority.token(&format!("{url}/records/mcp"), &json!({}));
    let principal = authenticated(&gate, &records, &token).await;
    let mut found = Vec::new();
    found.push((
        "validating the caller's token (ES256, keys at hand)",
        median(2_000, async || drop(authenticated(&gate, &records, &token).await)).await,
    ));

    let target = |server: &ServerName, audience: &str| {
        let downstream = Downstream { audience: Some(audience.to_owned()), resource: None, bound: false };
        Target::new(downstream, server, "read")
    };
    let (exchanged, signed) = (target(&records, "urn:records"), target(&local, "urn:local"));
    let client = gate.exchange.issuance.client.as_ref().unwrap();
    let inbound = Sensitive::new(token.clone());
    found.push((
        "exchange at an authorization server on this machine",
        median(300, async || drop(client.exchange(&inbound, &principal, &exchanged, None).await.unwrap()))
            .await,
    ));
    let sts = gate.exchange.issuance.sts.as_ref().unwrap();
    let call = CallId::new(random_id());
    let sign = || sts.delegated(&local, &principal, &signed, &call, None).unwrap();
    found.push(("signing one locally (ES256)", median(2_000, async || drop(sign())).await));
    let pinned = Pinned {
        issuer: format!("{url}/local/sts"),
        audience: "urn:local".into(),
        gate: "portcullis".into(),
        server: "local".into(),
    };
    let verifier = Arc::new(Verifier::with(pinned, HttpClient::new().unwrap(), Clock::System));
    found.push((
        "signing one and verifying it, as the server does",
        median(2_000, async || {
            let header = format!("Bearer {}", sign().expose());
            drop(verifier.verify(Some(&header), "read").await.unwrap());
        })
        .await,
    ));
    found
}

async fn authenticated(
    gate: &InProcess,
    server: &ServerName,
    token: &str,
) -> portcullis::model::principal::Principal {
    let mut headers = http::HeaderMap::new();
    headers.insert(http::header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let (method, by) = (HttpMethod::Post, Transport::StreamableHttp);
    let head = Head {
        method,
        server: server.clone(),
        query: None,
        headers,
        peer,
        by,
        certificate: None,
        again: false,
    };
    let arrival = Arrival { head, body: Box::pin(std::future::pending()), client: Client::patient() };
    let mut call = Call::begin(CallId::new(random_id()), Clock::System, Client::patient());
    gate.identity.authenticate(&mut call, arrival).await.unwrap().principal().clone()
}

/// The median of so many runs, after a tenth of them that are not counted.
async fn median(runs: usize, step: impl AsyncFn()) -> Duration {
    let mut took = Vec::with_capacity(runs);
    for run in 0..runs + runs / 10 {
        let began = Instant::now();
        step().await;
        if run >= runs / 10 {
            took.push(began.elapsed());
        }
    }
    took.sort();
    took[runs / 2]
}

/// How long calls took, in microseconds.
struct Told {
    median: f64,
    mean: f64,
    /// The mean of each stage, by the gate's own counters.
    stages: [f64; Stage::ALL.len()],
}

/// The sum and the count of each stage so far (µs).
fn stages(counters: &str) -> [(f64, f64); Stage::ALL.len()] {
    let mut stream = TcpStream::connect(counters).unwrap();
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: {counters}\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    Stage::ALL.map(|stage| {
        let of = |what: &str| {
            let name = format!("portcullis_stage_seconds_{what}{{stage=\"{}\"}} ", stage.name());
            let value = text.lines().find_map(|line| line.strip_prefix(&name));
            value.map_or(0.0, |value| value.parse().unwrap())
        };
        (of("sum") * 1e6, of("count"))
    })
}

fn calls(authority: &Authority, upstream: &Upstream, auth: &str) -> Told {
    let line = format!("records: {{ url: '{}', {auth} }}", upstream.url);
    let own = authority.clone();
    let counters = free_address().to_string();
    let gate = Gate::beside("bench-identity-gate", authority.url(), &line, RULES, &[], |folder| {
        format!("{}metrics: {counters}\n", own.client(folder))
    });
    let token = authority.token(&format!("http://{}/records/mcp", gate.address), &json!({}));
    let authorization = format!("Bearer {token}");
    let mut headers = modern_headers(&authorization, "tools/call").to_vec();
    headers.push(("Mcp-Name", "read"));
    let body = modern("tools/call", json!({"name": "read", "arguments": {}})).to_string();
    let bytes = request(&gate.address, "records", &headers, body.as_bytes());
    // The helper's requests end their connection; these do not.
    let bytes = String::from_utf8(bytes).unwrap().replace("Connection: close\r\n", "").into_bytes();
    let stream = TcpStream::connect(&gate.address).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut answers = BufReader::new(stream);
    let mut call = || {
        let began = Instant::now();
        answers.get_mut().write_all(&bytes).unwrap();
        let answer = answer(&mut answers);
        assert_eq!(answer["result"]["content"][0]["text"], "read", "{answer}");
        began.elapsed().as_secs_f64() * 1e6
    };
    for _ in 0..CALLS / 10 {
        call();
    }
    let before = stages(&counters);
    let mut took: Vec<f64> = (0..CALLS).map(|_| call()).collect();
    let after = stages(&counters);
    took.sort_by(f64::total_cmp);
    let mut stages = [0.0; Stage::ALL.len()];
    for (mean, ((sum, count), (sum_before, count_before))) in stages.iter_mut().zip(after.iter().zip(before))
    {
        *mean = (sum - sum_before) / (count - count_before).max(1.0);
    }
    Told { median: took[CALLS / 2], mean: took.iter().sum::<f64>() / CALLS as f64, stages }
}

fn answer(stream: &mut BufReader<TcpStream>) -> Value {
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    serde_json::from_slice(&body).unwrap()
}
