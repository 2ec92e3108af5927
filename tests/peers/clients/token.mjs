// Signs in at the gate's authorization server, as any client would, and prints an
// access token: node token.mjs <mcp url> <login> "<scopes>"
import { createHash, randomBytes } from "node:crypto";

const [url, login, scope] = process.argv.slice(2);
const json = async (...request) => (await fetch(...request)).json();
const challenge = (await fetch(url)).headers.get("www-authenticate") ?? "";
const resource = await json(/resource_metadata="([^"]+)"/.exec(challenge)[1]);
const server = await json(`${resource.authorization_servers[0]}/.well-known/oauth-authorization-server`);
const redirect_uri = "http://127.0.0.1/callback";
const { client_id } = await json(server.registration_endpoint, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ client_name: "peers", redirect_uris: [redirect_uri] }),
});
const verifier = randomBytes(32).toString("base64url");
const query = new URLSearchParams({
  response_type: "code", client_id, redirect_uri, scope, resource: resource.resource, state: "s",
  code_challenge: createHash("sha256").update(verifier).digest("base64url"),
  code_challenge_method: "S256", login_hint: login,
});
const redirect = await fetch(`${server.authorization_endpoint}?${query}`, { redirect: "manual" });
const code = new URL(redirect.headers.get("location")).searchParams.get("code");
const token = await json(server.token_endpoint, {
  method: "POST",
  body: new URLSearchParams({
    grant_type: "authorization_code", code, redirect_uri, client_id, code_verifier: verifier, resource: resource.resource,
  }),
});
if (!token.access_token) throw new Error(JSON.stringify(token));
console.log(token.access_token);
