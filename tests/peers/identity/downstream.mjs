// An MCP server of both eras behind the gate, which takes delegated tokens alone:
//   node downstream.mjs <port> <name> <issuer> <audience> <gate's name> [dpop]
// The verifying is what any server needs, and is done with jose, not with the gate's own code.
// GET /told says the claims of the last tool call, and how many were taken and refused.
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import * as jose from "jose";

const [port, name, issuer, audience, gate, way] = process.argv.slice(2);
let keys;
const seen = new Map();
const told = { claims: null, taken: 0, refused: 0, why: {} };

// The ten lines.
async function verify(authorization, operation) {
  const token = /^(?:Bearer|DPoP) (\S+)$/i.exec(authorization ?? "")?.[1] ?? "";
  const { payload } = await jose.jwtVerify(token, keys, {
    issuer, audience, typ: "at+jwt", algorithms: ["ES256"], clockTolerance: 1,
    requiredClaims: ["sub", "jti", "iat", "exp", "scope"],
  });
  const own = (payload.act ? payload.act.sub : payload.sub) === gate && typeof payload.aud === "string";
  if (!own || payload.scope !== `${name}:${operation}` || payload.exp - payload.iat > 5) throw new Error("for something else");
  for (const [id, until] of seen) if (until < Date.now() / 1000) seen.delete(id);
  if (seen.has(payload.jti)) throw new Error("used before");
  seen.set(payload.jti, payload.exp + 2);
  return payload;
}

// And where tokens are bound to the gate's key (RFC 9449 §4.3, §7.1).
async function prove({ authorization, dpop }, claims) {
  const bound = /^DPoP /i.test(authorization);
  if (bound !== (way === "dpop") || bound !== Boolean(claims.cnf?.jkt)) throw new Error("the wrong binding");
  if (!bound) return;
  const { payload, protectedHeader } = await jose.jwtVerify(dpop, jose.EmbeddedJWK, { typ: "dpop+jwt", algorithms: ["ES256"], maxTokenAge: 10 });
  const ath = createHash("sha256").update(authorization.split(" ")[1]).digest("base64url");
  const thumbprint = await jose.calculateJwkThumbprint(protectedHeader.jwk);
  const holds = payload.htm === "POST" && payload.htu === `http://127.0.0.1:${port}/mcp` && payload.ath === ath;
  if (!holds || thumbprint !== claims.cnf.jkt || seen.has(payload.jti)) throw new Error("the proof is for something else");
  seen.set(payload.jti, payload.iat + 20);
}

// The key set, from the metadata of the one issuer (RFC 8414 §3.1: the path goes behind).
async function discover() {
  const { origin, pathname } = new URL(issuer);
  const path = pathname === "/" ? "" : pathname;
  const metadata = await (await fetch(`${origin}/.well-known/oauth-authorization-server${path}`)).json();
  if (metadata.issuer !== issuer) throw new Error("another issuer");
  const cacheMaxAge = Number(process.env.KEYS_MAX_AGE_MS ?? 600000);
  keys = jose.createRemoteJWKSet(new URL(metadata.jwks_uri), { cacheMaxAge, cooldownDuration: 30000 });
}

const tool = { name: "read", inputSchema: { type: "object" } };
const modernly = { resultType: "complete" };
const answers = {
  initialize: (params) => ({ protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name, version: "1" } }),
  "server/discover": () => ({ supportedVersions: ["2026-07-28"], capabilities: { tools: {} }, ttlMs: 1000, cacheScope: "public" }),
  ping: () => ({}),
  "tools/list": () => ({ tools: [tool], ttlMs: 1000, cacheScope: "public" }),
  "tools/call": () => ({ content: [{ type: "text", text: "the record" }] }),
};

const server = createServer(async (request, response) => {
  const send = (status, body) =>
    response.writeHead(status, { "content-type": "application/json" }).end(body && JSON.stringify(body));
  if (request.url === "/told") return send(200, told);
  if (request.method !== "POST") return send(request.method === "DELETE" ? 200 : 405);
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const message = JSON.parse(Buffer.concat(chunks));
  const calls = message.method === "tools/call";
  try {
    if (!keys) await discover();
    const claims = await verify(request.headers.authorization, calls ? message.params.name : message.method);
    await prove(request.headers, claims);
    if (calls) Object.assign(told, { claims, taken: told.taken + 1 });
  } catch (error) {
    told.refused += 1;
    told.why[error.message] = (told.why[error.message] ?? 0) + 1;
    return send(401);
  }
  if (message.id === undefined) return send(202);
  if (message.method === "initialize") response.setHeader("mcp-session-id", "one");
  const modern = request.headers["mcp-protocol-version"] === "2026-07-28";
  const answer = answers[message.method]?.(message.params ?? {});
  send(200, answer
    ? { jsonrpc: "2.0", id: message.id, result: { ...answer, ...(modern && modernly) } }
    : { jsonrpc: "2.0", id: message.id, error: { code: -32601, message: "no such method" } });
});
server.listen(Number(port), "127.0.0.1", () => console.log(JSON.stringify({ url: `http://127.0.0.1:${port}/mcp` })));
process.on("SIGTERM", () => { server.closeAllConnections(); server.close(() => process.exit(0)); });
