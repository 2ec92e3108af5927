// Calls the tool `read` at the gate, in either era of MCP, with whatever proves the caller:
// headers for each request, and a certificate for the connection.
import { request } from "node:https";

const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };

// What `fetch` does, which shows no certificate.
function showing({ cert, key }, url, { body, ...init }) {
  return new Promise((resolve, reject) => {
    const sent = request(url, { ...init, cert, key, agent: false }, async (response) => {
      const chunks = [];
      for await (const chunk of response) chunks.push(chunk);
      const text = async () => Buffer.concat(chunks).toString();
      resolve({ status: response.statusCode, headers: new Headers(response.headers), text });
    });
    sent.on("error", reject).end(body);
  });
}

async function post(url, authorize, body, more = {}) {
  const { certificate } = authorize;
  const send = async (nonce) => {
    const init = { method: "POST", headers: { ...headers, ...more, ...(await authorize("POST", url, nonce)) }, body: JSON.stringify(body) };
    return certificate ? showing(certificate, url, init) : fetch(url, init);
  };
  let response = await send();
  // A proof may have to hold the nonce that comes with the answer (RFC 9449 §9).
  const nonce = response.headers.get("dpop-nonce");
  if (response.status === 401 && nonce) response = await send(nonce);
  const text = await response.text();
  const data = text.startsWith("{") ? text : text.split("\n").filter((line) => line.startsWith("data: ")).pop()?.slice(6);
  return { status: response.status, session: response.headers.get("mcp-session-id"), message: data && JSON.parse(data) };
}

const call = { jsonrpc: "2.0", id: 2, method: "tools/call" };

export async function modern(url, authorize) {
  const _meta = { "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {} };
  const body = { ...call, params: { name: "read", arguments: {}, _meta } };
  return post(url, authorize, body, { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "read" });
}

export async function legacy(url, authorize) {
  const clientInfo = { name: "matrix", version: "1" };
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo };
  const opened = await post(url, authorize, { jsonrpc: "2.0", id: 1, method: "initialize", params });
  if (!opened.session) return opened;
  const more = { "mcp-session-id": opened.session, "mcp-protocol-version": "2025-11-25" };
  await post(url, authorize, { jsonrpc: "2.0", method: "notifications/initialized" }, more);
  return post(url, authorize, { ...call, params: { name: "read", arguments: {} } }, more);
}

export const text = ({ message }) => message?.result?.content?.[0]?.text;
