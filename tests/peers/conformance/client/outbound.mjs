// outbound.mjs <folder for results>: what the suite's authorization servers make of the gate as
// their client. Of each scenario the checks that a client without a browser has a part in.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [folder] = process.argv.slice(2);
const program = join(import.meta.dirname, "../node_modules/@modelcontextprotocol/conformance/dist/index.js");
const command = `${process.execPath} ${join(import.meta.dirname, "outbound-driver.mjs")}`;

const found = ["authorization-server-metadata", "token-request"];
const resource = ["resource-parameter-in-token", "resource-parameter-valid-uri", "resource-parameter-matches-prm"];
const expected = {
  "auth/client-credentials-jwt": [...found, "client-credentials-jwt-verified"],
  "auth/client-credentials-basic": [...found, "client-credentials-basic-auth"],
  "auth/metadata-default": [...found, ...resource],
  "auth/metadata-var1": [...found, ...resource],
  "auth/metadata-var2": [...found, ...resource],
  "auth/metadata-var3": [...found, ...resource],
  "auth/metadata-issuer-mismatch": ["authorization-server-metadata", "sep-2468-client-validate-metadata-issuer"],
};

const faults = [];
let held = 0;
for (const [scenario, ids] of Object.entries(expected)) {
  const out = join(folder, "outbound", scenario);
  mkdirSync(out, { recursive: true });
  const { stdout, stderr } = spawnSync(process.execPath, [program, "client", "--command", command, "--scenario", scenario, "-o", out]);
  const judged = readdirSync(out, { recursive: true }).find((path) => path.endsWith("checks.json"));
  const checks = judged ? JSON.parse(readFileSync(join(out, judged))) : [];
  for (const id of ids) {
    const statuses = checks.filter((check) => check.id === id).map(({ status }) => status);
    if (statuses.length > 0 && statuses.every((status) => status === "SUCCESS")) held += 1;
    else faults.push(`${scenario}: ${id}: ${statuses.join(", ") || "absent"}\n${stdout}${stderr}`);
  }
}
console.log(`client scenarios, authorization: ${held} checks of ${Object.keys(expected).length} scenarios hold`);
for (const fault of faults) console.log(fault);
process.exit(faults.length === 0 && held === Object.values(expected).flat().length ? 0 : 1);
