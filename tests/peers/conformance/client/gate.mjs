// A gate for one scenario, before the suite's server.
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const here = import.meta.dirname;

// Calls `drive` with the gate's endpoint and a token for it.
export async function throughGate(server, drive) {
  const { PORTCULLIS, CLIENT_GATE, DEMO } = process.env;
  const demo = JSON.parse(readFileSync(join(DEMO, "said.json")));
  const folder = mkdtempSync(join(tmpdir(), "client-gate-"));
  cpSync(join(here, "rules"), join(folder, "rules"), { recursive: true });
  writeFileSync(join(folder, "portcullis.yaml"), `
listen: ${new URL(CLIENT_GATE).host}
public_url: ${CLIENT_GATE}
state_dir: state
rules: rules
issuers: [{ issuer: "${demo.authorization_server}", algorithms: [ES256] }]
client: { client_id: portcullis, private_key_file: "${join(DEMO, "gate-key.pem")}" }
upstreams:
  suite: { url: "${server}", auth: none }
`);
  const log = openSync(join(folder, "log"), "w");
  const gate = spawn(PORTCULLIS, ["serve", "--config", join(folder, "portcullis.yaml")], { stdio: ["ignore", log, log] });
  const ended = new Promise((resolve) => gate.on("exit", resolve));
  try {
    await up(`${CLIENT_GATE}/healthz`);
    const url = `${CLIENT_GATE}/suite/mcp`;
    const token = execFileSync(process.execPath, [join(here, "../../clients/token.mjs"), url, "amara", "patient:read"]);
    await drive(url, token.toString().trim());
  } catch (error) {
    console.error(readFileSync(join(folder, "log"), "utf8"));
    throw error;
  } finally {
    gate.kill();
    await ended;
    rmSync(folder, { recursive: true });
  }
}

async function up(url) {
  for (let tries = 0; tries < 200; tries += 1) {
    try {
      if ((await fetch(url)).ok) return;
    } catch {}
    await sleep(50);
  }
  throw new Error("the gate did not come up");
}
