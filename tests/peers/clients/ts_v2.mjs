// The TypeScript SDK, version 2: both eras with a token, then its own OAuth flow.
import assert from "node:assert/strict";
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from "@modelcontextprotocol/client";
import { check, said } from "./checks.mjs";

const [url, narrow, wide] = process.argv.slice(2);
const info = { name: "peer-ts-v2", version: "1.0.0" };

for (const [era, mode] of [["legacy", "legacy"], ["2026-07-28", { pin: "2026-07-28" }]]) {
  await check(`TypeScript SDK v2, ${era}`, async (token) => {
    const client = new Client(info, { versionNegotiation: { mode } });
    const headers = { Authorization: `Bearer ${token}` };
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
    return {
      list: () => client.listTools(),
      call: (name, args) => client.callTool({ name, arguments: args }),
      close: () => client.close(),
    };
  }, narrow, wide);
}

/** Signs in by following the redirect itself, as a browser with one user would. */
class SignIn {
  redirectUrl = "http://127.0.0.1/callback";
  clientMetadata = { client_name: "peer-ts-v2", redirect_uris: [this.redirectUrl], grant_types: ["authorization_code"], response_types: ["code"], scope: "accounts:read" };
  clientInformation() { return this.client; }
  saveClientInformation(client) { this.client = client; }
  tokens() { return this.held; }
  saveTokens(tokens) { this.held = tokens; }
  codeVerifier() { return this.verifier; }
  saveCodeVerifier(verifier) { this.verifier = verifier; }
  async redirectToAuthorization(target) {
    target.searchParams.set("login_hint", "chen");
    const redirect = await fetch(target, { redirect: "manual" });
    this.callback = new URL(redirect.headers.get("location")).searchParams;
  }
}

const signIn = new SignIn();
const connect = async () => {
  const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: signIn });
  const client = new Client(info, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
  try {
    await client.connect(transport);
  } catch (error) {
    if (!(error instanceof UnauthorizedError) || !signIn.callback) throw error;
    await transport.finishAuth(signIn.callback);
    return undefined;
  }
  return client;
};
const client = (await connect()) ?? (await connect());
assert.ok((await client.listTools()).tools.length >= 3);
assert.ok(signIn.held.access_token);
said("TypeScript SDK v2", "finds the authorization server by the gate's challenge, registers and signs in by itself");
await client.close();
