//! An agent: a client of the gate that knows nothing but its URL. It finds the
//! authorization server by the gate's own metadata and signs in with PKCE.

use crate::jose::{base64url, random_id, sha256};
use crate::net::{HttpClient, Limits};
use anyhow::{Context as _, anyhow, bail};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use serde_json::{Value, json};
use std::time::Duration;

const LIMITS: Limits = Limits { max_bytes: 4 << 20, timeout: Duration::from_secs(20) };
const REDIRECT: &str = "http://127.0.0.1/callback";

/// One agent at one MCP endpoint.
pub(super) struct Agent {
    http: HttpClient,
    url: String,
    token: Option<String>,
    sent: u64,
}

/// What came back, with the status and headers that matter to the story.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

impl Reply {
    /// The structured result of a tool.
    pub(super) fn structure(&self) -> Value {
        self.body.pointer("/result/structuredContent").cloned().unwrap_or_default()
    }

    /// The refusal a person reads: an error's message, or a tool error's text.
    pub(super) fn refusal(&self) -> String {
        let error = self.body.pointer("/error/message");
        let tool = self.body.pointer("/result/content/0/text").filter(|_| self.is_tool_error());
        error.or(tool).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    pub(super) fn is_tool_error(&self) -> bool {
        self.body.pointer("/result/isError") == Some(&json!(true))
    }

    pub(super) fn challenge(&self) -> String {
        let value = self.headers.get(header::WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    }
}

impl Agent {
    pub(super) fn new(url: String) -> anyhow::Result<Self> {
        Ok(Self { http: HttpClient::new()?, url, token: None, sent: 0 })
    }

    pub(super) async fn list(&mut self) -> anyhow::Result<Reply> {
        self.request("tools/list", None, json!({})).await
    }

    pub(super) async fn call(&mut self, tool: &str, arguments: Value) -> anyhow::Result<Reply> {
        self.request("tools/call", Some(tool), json!({"name": tool, "arguments": arguments})).await
    }

    /// One request of MCP 2026-07-28.
    async fn request(
        &mut self,
        method: &str,
        name: Option<&str>,
        mut params: Value,
    ) -> anyhow::Result<Reply> {
        self.sent += 1;
        params["_meta"] = json!({
            "progressToken": self.sent,
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": {"name": "demo-agent", "version": "1.0.0"},
        });
        let body = json!({"jsonrpc": "2.0", "id": self.sent, "method": method, "params": params}).to_string();
        let mut request = Request::post(&self.url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json, text/event-stream")
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", method);
        if let Some(name) = name {
            request = request.header("mcp-name", name);
        }
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let answer = self.http.fetch(request.body(Bytes::from(body))?, LIMITS).await?;
        let (head, body) = answer.into_parts();
        Ok(Reply { status: head.status, headers: head.headers, body: message(&body) })
    }

    /// Signs a person in for these scopes: RFC 9728 metadata, RFC 8414 metadata,
    /// registration, authorization code with PKCE and `resource`, token.
    pub(super) async fn sign_in(
        &mut self,
        login: &str,
        scope: &str,
        metadata_url: &str,
    ) -> anyhow::Result<Value> {
        let resource = self.json(metadata_url).await?;
        let own = resource.get("resource").and_then(Value::as_str).unwrap_or_default();
        if own != self.url {
            bail!("the metadata is for another resource");
        }
        let issuer = resource
            .pointer("/authorization_servers/0")
            .and_then(Value::as_str)
            .context("no authorization server")?;
        let server = self.json(&format!("{issuer}/.well-known/oauth-authorization-server")).await?;
        let endpoint = |name: &str| {
            server.get(name).and_then(Value::as_str).map(str::to_owned).with_context(|| format!("no {name}"))
        };
        let registration = json!({"client_name": "demo-agent", "redirect_uris": [REDIRECT]}).to_string();
        let registered = Request::post(endpoint("registration_endpoint")?)
            .header(header::CONTENT_TYPE, "application/json");
        let registered = self.fetch_json(registered.body(Bytes::from(registration))?).await?;
        let client =
            registered.get("client_id").and_then(Value::as_str).context("not registered")?.to_owned();

        let (verifier, state) = (format!("{}{}", random_id(), random_id()), random_id());
        let mut url = url::Url::parse(&endpoint("authorization_endpoint")?)?;
        url.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("client_id", &client),
            ("redirect_uri", REDIRECT),
            ("scope", scope),
            ("state", &state),
            ("resource", own),
            ("code_challenge", &base64url(&sha256(verifier.as_bytes()))),
            ("code_challenge_method", "S256"),
            ("login_hint", login),
        ]);
        let redirect = self.http.fetch(Request::get(url.as_str()).body(Bytes::new())?, LIMITS).await?;
        let code = code(&redirect, &state, issuer)?;
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs([
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", REDIRECT),
            ("client_id", &client),
            ("code_verifier", &verifier),
            ("resource", own),
        ]);
        let request = Request::post(endpoint("token_endpoint")?)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = self.fetch_json(request.body(Bytes::from(form.finish()))?).await?;
        self.token = answer.get("access_token").and_then(Value::as_str).map(str::to_owned);
        self.token.as_ref().context("no access token")?;
        Ok(answer)
    }

    async fn json(&self, url: &str) -> anyhow::Result<Value> {
        self.fetch_json(Request::get(url).body(Bytes::new())?).await
    }

    async fn fetch_json(&self, request: Request<Bytes>) -> anyhow::Result<Value> {
        let answer = self.http.fetch(request, LIMITS).await?;
        let status = answer.status();
        let value: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        if status.is_success() { Ok(value) } else { Err(anyhow!("{status}: {value}")) }
    }
}

fn code(redirect: &Response<Bytes>, state: &str, issuer: &str) -> anyhow::Result<String> {
    let target = redirect.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
    let target = url::Url::parse(target.with_context(|| format!("not redirected: {}", redirect.status()))?)?;
    let value = |name: &str| {
        target.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
    };
    if value("state").as_deref() != Some(state) || value("iss").as_deref() != Some(issuer) {
        bail!("the redirect is not the answer to this request");
    }
    value("code").ok_or_else(|| anyhow!("sign-in refused: {}", value("error").unwrap_or_default()))
}

/// A JSON body, or the last event of a stream.
fn message(body: &[u8]) -> Value {
    let text = String::from_utf8_lossy(body);
    let last = text.lines().filter_map(|line| line.strip_prefix("data: ")).next_back();
    serde_json::from_str(last.unwrap_or(&text)).unwrap_or_default()
}
