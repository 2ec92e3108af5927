//! What a client can get wrong, on purpose or not: each case has a clear protocol
//! error, and none reaches an upstream.

use crate::support::{Demo, forwarded, modern, modern_headers};
use serde_json::{Value, json};

struct Case {
    name: &'static str,
    /// Header lines to leave out, by name, and lines to add.
    without: &'static [&'static str],
    with: &'static [(&'static str, &'static str)],
    body: Vec<u8>,
    status: u16,
    code: i64,
}

fn case(name: &'static str, body: impl Into<Vec<u8>>, status: u16, code: i64) -> Case {
    Case { name, without: &[], with: &[], body: body.into(), status, code }
}

fn call() -> Vec<u8> {
    modern("tools/call", json!({"name": "listAccounts", "arguments": {}})).to_string().into_bytes()
}

fn cases() -> Vec<Case> {
    let duplicate = String::from_utf8(call())
        .unwrap()
        .replace("\"arguments\":{}", "\"arguments\":{},\"arguments\":{\"limit\":1}");
    let mut invalid = call();
    invalid.extend_from_slice(b"\xff");
    let deep = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{}{}}}",
        "{\"a\":".repeat(10_000),
        "1".to_owned() + &"}".repeat(10_000)
    );
    vec![
        case("malformed JSON", "{\"jsonrpc\":", 400, -32700),
        case("empty body", "", 400, -32700),
        case("trailing bytes", [call(), b"{}".to_vec()].concat(), 400, -32700),
        case("invalid UTF-8", invalid, 400, -32700),
        case("byte order mark", [b"\xef\xbb\xbf".to_vec(), call()].concat(), 400, -32700),
        case("duplicate member", duplicate, 400, -32700),
        case("depth bomb", deep, 400, -32700),
        case("member flood", format!("[{}0]", "0,".repeat(300_000)), 400, -32700),
        case("oversized body", vec![b' '; (1 << 20) + 1], 413, -32600),
        case("batch", format!("[{}]", String::from_utf8(call()).unwrap()), 400, -32600),
        case("not an object", "7", 400, -32600),
        case("no jsonrpc", "{\"id\":1,\"method\":\"ping\"}", 400, -32600),
        case("id null", "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"tools/list\"}", 400, -32600),
        case("id a float", "{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"tools/list\"}", 400, -32600),
        case("a response, not a request", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", 400, -32600),
        case("unknown method", modern("tools/explode", json!({})).to_string(), 404, -32601),
        case("method of another case", modern("Tools/Call", json!({})).to_string(), 404, -32601),
        case(
            "params an array",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":[]}",
            400,
            -32602,
        ),
        case(
            "no _meta",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{}}",
            400,
            -32602,
        ),
        case("no tool name", modern("tools/call", json!({"arguments": {}})).to_string(), 400, -32602),
        case(
            "arguments a string",
            modern("tools/call", json!({"name": "listAccounts", "arguments": "x"})).to_string(),
            400,
            -32602,
        ),
        case(
            "method refused here",
            modern("resources/read", json!({"uri": "file:///etc/passwd"})).to_string(),
            400,
            -32020,
        ),
        Case {
            without: &["MCP-Protocol-Version"],
            with: &[("MCP-Protocol-Version", "2030-01-01")],
            ..case("unknown version", call(), 400, -32022)
        },
        Case {
            without: &["MCP-Protocol-Version"],
            with: &[("MCP-Protocol-Version", "2025-11-25")],
            ..case("no session", call(), 400, -32600)
        },
        Case {
            with: &[("MCP-Protocol-Version", "2026-07-28")],
            ..case("version given twice", call(), 400, 0)
        },
        Case { without: &["Mcp-Method"], ..case("no Mcp-Method", call(), 400, -32020) },
        Case {
            without: &["Mcp-Method"],
            with: &[("Mcp-Method", "tools/list")],
            ..case("Mcp-Method differs", call(), 400, -32020)
        },
        Case {
            without: &["Mcp-Name"],
            with: &[("Mcp-Name", "getCustomerPII")],
            ..case("Mcp-Name differs", call(), 400, -32020)
        },
        Case {
            without: &["Content-Type"],
            with: &[("Content-Type", "text/plain")],
            ..case("wrong media type", call(), 415, -32600)
        },
        Case {
            without: &["Accept"],
            with: &[("Accept", "application/json")],
            ..case("Accept lacks the stream", call(), 406, -32600)
        },
        Case { with: &[("Origin", "https://evil.example")], ..case("foreign origin", call(), 403, -33001) },
        Case {
            with: &[("Transfer-Encoding", "chunked")],
            ..case("length and chunked at once", call(), 411, 0)
        },
        Case { with: &[("Upgrade", "h2c")], ..case("upgrade", call(), 400, 0) },
    ]
}

#[test]
fn bad_input_gets_a_clear_error_and_reaches_nobody() {
    let demo = Demo::start("bad-input");
    let authorization = demo.authorization("ledger");
    let before = forwarded(&demo.state);
    for case in cases() {
        let method = serde_json::from_slice::<Value>(&case.body).ok();
        let method = method.and_then(|body| body["method"].as_str().map(str::to_owned));
        let method = method.filter(|method| method != "resources/read").unwrap_or("tools/call".into());
        let mut headers = modern_headers(&authorization, &method).to_vec();
        headers.push(("Mcp-Name", "listAccounts"));
        headers.retain(|(name, _)| !case.without.contains(name));
        headers.extend(case.with);
        let answer = demo.post("ledger", &headers, &case.body);
        assert_eq!(answer.status, case.status, "{}: {answer:?}", case.name);
        if case.code != 0 {
            assert_eq!(answer.json()["error"]["code"], case.code, "{}: {answer:?}", case.name);
            assert!(
                answer.json()["error"]["message"].as_str().is_some_and(|text| text.len() > 5),
                "{}",
                case.name
            );
        }
    }
    assert_eq!(forwarded(&demo.state), before, "something was forwarded");
    let good = demo.call("ledger", "listAccounts", &json!({"limit": 1}));
    assert_eq!(good.status, 200, "{good:?}");
    assert_eq!(forwarded(&demo.state), before + 1, "the count sees what is forwarded");
}

#[test]
fn odd_http_is_refused_before_anything_else() {
    let demo = Demo::start("odd-http");
    let host = demo.gate().to_owned();
    let line = |head: &str| format!("{head}\r\nConnection: close\r\n\r\n");
    for (name, request, statuses) in [
        ("two hosts", line(&format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\nHost: {host}")), vec![400]),
        ("no host", line("GET /healthz HTTP/1.1"), vec![400]),
        ("foreign host", line("GET /healthz HTTP/1.1\r\nHost: evil.example"), vec![421]),
        (
            "foreign absolute form",
            line(&format!("GET http://evil.example/healthz HTTP/1.1\r\nHost: {host}")),
            vec![421],
        ),
        ("trace", line(&format!("TRACE / HTTP/1.1\r\nHost: {host}")), vec![405]),
        (
            "two tokens",
            line(&format!(
                "GET /ledger/mcp HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b"
            )),
            vec![400],
        ),
        (
            "token in the query",
            line(&format!("GET /ledger/mcp?access_token=a HTTP/1.1\r\nHost: {host}")),
            vec![400],
        ),
        ("no token", line(&format!("GET /ledger/mcp HTTP/1.1\r\nHost: {host}")), vec![401]),
        ("unknown server", line(&format!("GET /vault/mcp HTTP/1.1\r\nHost: {host}")), vec![404]),
        (
            "head too large",
            line(&format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\nX: {}", "y".repeat(64 << 10))),
            vec![431, 400, 0],
        ),
        ("not HTTP", "\u{16}\u{3}\u{1}hello\r\n\r\n".to_owned(), vec![400, 0]),
    ] {
        let answer = demo.raw(request.as_bytes());
        assert!(statuses.contains(&answer.status), "{name}: {answer:?}");
    }
    let health = demo.raw(line(&format!("GET /healthz HTTP/1.1\r\nHost: {host}")).as_bytes());
    assert_eq!((health.status, health.body.as_str()), (200, "ok"));
}

#[test]
fn a_slow_head_is_cut_off_and_others_are_served() {
    use std::io::{Read, Write};
    let demo = Demo::start("slow-head");
    let mut slow: Vec<_> = (0..100).map(|_| std::net::TcpStream::connect(demo.gate()).unwrap()).collect();
    for stream in &mut slow {
        stream.write_all(b"POST /ledger/mcp HTTP/1.1\r\nHos").unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    }
    assert_eq!(demo.call("ledger", "listAccounts", &json!({})).status, 200);
    for stream in &mut slow {
        let mut rest = Vec::new();
        let ended = stream.read_to_end(&mut rest);
        assert!(ended.is_ok(), "a slow connection is still open after 20 s");
    }
}
