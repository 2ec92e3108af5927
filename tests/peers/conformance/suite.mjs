// Runs the conformance suite against one server and reads what it found.
import { spawn } from "node:child_process";
import { createWriteStream, existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";

const program = join(import.meta.dirname, "node_modules/@modelcontextprotocol/conformance/dist/index.js");

// The outcome of the suite at `url`, kept in `folder`. What is there already is not run again.
export async function outcome(url, requirements, folder) {
  if (!existsSync(folder)) {
    const unfinished = `${folder}.unfinished`;
    mkdirSync(unfinished, { recursive: true });
    await run(["server", "--url", url, "--requirements", requirements, "-o", unfinished], `${folder}.log`);
    renameSync(unfinished, folder);
  }
  return read(folder);
}

// A map from `scenario`, `check`, `name` and `occurrence`, told apart because the suite uses
// one id for several checks, to the check as the suite wrote it.
export function read(folder) {
  const checks = new Map();
  for (const entry of readdirSync(folder).sort()) {
    const scenario = /^server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$/.exec(entry)?.[1];
    if (!scenario) throw new Error(`not the folder of a scenario: ${entry}`);
    const seen = new Map();
    for (const { id, name, status, errorMessage } of JSON.parse(readFileSync(join(folder, entry, "checks.json")))) {
      const occurrence = (seen.get(`${id} ${name}`) ?? 0) + 1;
      seen.set(`${id} ${name}`, occurrence);
      const key = [scenario, id, name, occurrence].join(" ");
      checks.set(key, { scenario, check: id, name, occurrence, status, errorMessage });
    }
  }
  if (checks.size === 0) throw new Error(`the suite left no results in ${folder}`);
  return checks;
}

// How many checks passed and failed; what is neither, such as a warning, is not counted.
export function totals(checks) {
  const count = (status) => [...checks].filter((check) => check.status === status).length;
  return { passed: count("SUCCESS"), failed: count("FAILURE") };
}

// The suite's exit code says whether all scored scenarios passed. That is for the floors to
// say, so here only results count.
function run(parameters, log) {
  return new Promise((resolve, reject) => {
    const suite = spawn(process.execPath, [program, ...parameters], { stdio: ["ignore", "pipe", "pipe"] });
    const file = createWriteStream(log);
    suite.stdout.pipe(file, { end: false });
    suite.stderr.pipe(file, { end: false });
    suite.on("error", reject);
    suite.on("close", () => file.end(resolve));
  });
}
