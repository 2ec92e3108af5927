// The command of a scenario about authorization: outbound-driver.mjs <url of the suite's server>
//
// Configures a gate as a client of the authorization server that the suite's server names, and
// lets it look for its tools. What the suite sees at the authorization server are the gate's
// requests. To be told where that server is, rather than by whomever it calls, is the gate's way.
import { generateKeyPairSync } from "node:crypto";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const server = process.argv.at(-1);
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT || "{}");

async function metadata() {
  const refused = await fetch(server, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
  const named = /resource_metadata="([^"]+)"/.exec(refused.headers.get("www-authenticate") ?? "")?.[1];
  const { origin, pathname } = new URL(server);
  const places = [named, `${origin}/.well-known/oauth-protected-resource${pathname}`, `${origin}/.well-known/oauth-protected-resource`];
  for (const place of places.filter(Boolean)) {
    const answer = await fetch(place);
    if (answer.ok) return answer.json();
  }
  throw new Error("the server has no protected resource metadata");
}

const { resource, authorization_servers: [issuer] } = await metadata();
const folder = mkdtempSync(join(tmpdir(), "outbound-"));
try {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = context.private_key_pem ?? privateKey.export({ type: "pkcs8", format: "pem" });
  const shown = context.client_secret ? "client_secret: 'file:credential'" : "private_key_file: credential";
  writeFileSync(join(folder, "credential"), context.client_secret ?? key, { mode: 0o600 });
  mkdirSync(join(folder, "rules/tools"), { recursive: true });
  writeFileSync(join(folder, "rules/tools/suite.yaml"), "server: suite\ntools: {}\n");
  writeFileSync(join(folder, "portcullis.yaml"), `
listen: 127.0.0.1:0
public_url: http://127.0.0.1:1
state_dir: state
rules: rules
issuers: [{ issuer: "${issuer}" }]
client: { client_id: "${context.client_id ?? "portcullis"}", ${shown} }
upstreams:
  suite: { url: "${server}", auth: exchange, audience: "${resource}" }
`);
  // What the suite's servers then give is no token that a gate would use, so this always fails.
  const { stdout, stderr } = spawnSync(process.env.PORTCULLIS, ["doctor", "--config", join(folder, "portcullis.yaml")]);
  console.log(`${stdout}${stderr}`);
} finally {
  rmSync(folder, { recursive: true });
}
