// compare.mjs <folder for results> <gate url>: the client scenarios that a gateway's upstream
// side has a part in, driven directly and through the gate, check by check.
//
// For the `auth/…` scenarios see outbound.mjs.
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [folder, gate] = process.argv.slice(2);
const program = join(import.meta.dirname, "../node_modules/@modelcontextprotocol/conformance/dist/index.js");
const scenarios = {
  "2025-11-25": [
    "initialize", "tools_call", "elicitation-sep1034-client-defaults", "sse-retry", "json-schema-2020-12-preservation",
  ],
  "2026-07-28": [
    "tools_call", "request-metadata", "sep-2322-client-request-state", "http-standard-headers",
    "http-custom-headers", "http-invalid-tool-headers", "json-schema-ref-no-deref", "json-schema-2020-12-preservation",
  ],
};

// Differences that are meant to be, by `revision scenario check`.
const accepted = {
  // The scenario gives a boolean argument the value null, which the tool's own schema does not
  // allow. The gate holds arguments to the pinned schema, so the call never reaches the server.
  "2026-07-28 http-custom-headers sep-2243-client-omit-null": "the call is refused",
};

function run(scenario, revision, gate) {
  const out = join(folder, gate ? "gate" : "direct", revision, scenario);
  mkdirSync(out, { recursive: true });
  const command = `${process.execPath} ${join(import.meta.dirname, "driver.mjs")}`;
  const parameters = ["client", "--command", command, "--scenario", scenario, "--spec-version", revision, "-o", out];
  const env = { ...process.env, NODE_NO_WARNINGS: "1", ...(gate && { CLIENT_GATE: gate }) };
  return new Promise((resolve, reject) => {
    const suite = spawn(process.execPath, [program, ...parameters], { env, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [suite.stdout, suite.stderr]) stream.on("data", (data) => void (said += data));
    suite.on("error", reject);
    suite.on("close", () => resolve({ said, checks: read(out) }));
  });
}

// What was judged: a check's worst outcome, since a client may make the same request twice.
function read(out) {
  const order = ["SUCCESS", "SKIPPED", "WARNING", "FAILURE"];
  const worst = new Map();
  const [entry] = readdirSync(out);
  for (const { id, name, status, errorMessage } of JSON.parse(readFileSync(join(out, entry, "checks.json")))) {
    const key = `${id} ${name}`;
    if (!order.includes(status)) continue;
    if (order.indexOf(status) >= order.indexOf(worst.get(key)?.status ?? "SUCCESS")) worst.set(key, { status, errorMessage });
  }
  return worst;
}

let differences = 0;
for (const [revision, names] of Object.entries(scenarios)) {
  const total = { direct: 0, gate: 0 };
  for (const scenario of names) {
    const direct = await run(scenario, revision);
    const through = await run(scenario, revision, gate);
    const passed = ({ checks }) => [...checks.values()].filter(({ status }) => status === "SUCCESS").length;
    if (passed(direct) === 0) throw new Error(`${scenario}: nothing passes directly\n${direct.said}`);
    total.direct += passed(direct);
    total.gate += passed(through);
    for (const key of new Set([...direct.checks.keys(), ...through.checks.keys()])) {
      const [a, b] = [direct, through].map(({ checks }) => checks.get(key)?.status ?? "absent");
      if (a === b) continue;
      const argued = accepted[`${revision} ${scenario} ${key.split(" ")[0]}`];
      if (argued) {
        console.log(`client ${revision} ${scenario}: ${key}: direct ${a}, gate ${b}, as it should be: ${argued}`);
        continue;
      }
      differences += 1;
      console.log(`client ${revision} ${scenario}: ${key}: direct ${a}, gate ${b}: ${through.checks.get(key)?.errorMessage ?? ""}`);
      console.log(through.said.split("\n").filter((line) => !line.includes("\u001b")).slice(0, 30).join("\n"));
    }
  }
  console.log(`client scenarios, ${revision}: ${total.direct} checks pass directly, ${total.gate} through the gate`);
}
process.exit(differences === 0 ? 0 : 1);
