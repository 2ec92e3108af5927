// Shows the day as a table: table.mjs <folder>. It holds `<way>.<era>.<client>`, as each
// client printed its day. Ends with 1 if a step failed, is missing, or went otherwise directly.
import { readFileSync } from "node:fs";

const CLIENTS = { ts_v1: "TypeScript v1", ts_v2: "TypeScript v2", python: "Python", rmcp: "rmcp", inspector: "Inspector" };
const ROADS = [
  ["http", "modern", "HTTP, 2026-07-28"],
  ["http", "legacy", "HTTP, 2025-11-25"],
  ["stdio", "modern", "stdio upstream, 2026-07-28"],
  ["stdio", "legacy", "stdio upstream, 2025-11-25"],
];
const STEPS = readFileSync(new URL("steps.txt", import.meta.url), "utf8").trim().split("\n");
const [folder] = process.argv.slice(2);
const reasons = [];
const faults = [];

/** How each step went: step → { went, more }. */
function day(way, era, client) {
  const lines = readFileSync(`${folder}/${way}.${era}.${client}`, "utf8");
  const steps = {};
  for (const [, went, step, more] of lines.matchAll(/^(PASS|FAIL|NOT OFFERED) (\w+)(.*)$/gm)) steps[step] = { went, more };
  return steps;
}

function cell(client, step, through, direct, where) {
  const found = through[step] ?? { went: "MISSING", more: "" };
  if (found.went === "FAIL" || found.went === "MISSING") {
    faults.push(`${CLIENTS[client]}, ${where}, ${step}: ${found.went}${found.more}`);
    return found.went;
  }
  if (direct && direct[step]?.went !== found.went) {
    const { went, more } = direct[step] ?? { went: "MISSING", more: "" };
    faults.push(`${CLIENTS[client]}, ${where}, ${step}: directly ${went}${more}`);
    return "DIFFERS";
  }
  if (found.went === "PASS") return "yes";
  const reason = found.more.replace(/^ by this /, "");
  const own = reason.startsWith("client") ? reason.replace("client", CLIENTS[client]) : reason;
  if (!reasons.includes(own)) reasons.push(own);
  return `- ${reasons.indexOf(own) + 1}`;
}

const row = (name, cells) => name.padEnd(14) + cells.map((text) => text.padEnd(15)).join("").trimEnd();
let shown = 0;
for (const [way, era, where] of ROADS) {
  console.log(`\n${where}\n${row("", Object.values(CLIENTS))}`);
  const days = Object.keys(CLIENTS).map((client) => {
    const direct = way === "http" ? day("direct", era, client) : undefined;
    return [client, day(way, era, client), direct];
  });
  for (const step of STEPS) {
    const cells = days.map(([client, through, direct]) => cell(client, step, through, direct, where));
    shown += cells.filter((text) => text === "yes").length;
    console.log(row(step, cells));
  }
}
console.log("\nNot offered by");
reasons.forEach((reason, n) => console.log(`${String(n + 1).padStart(3)} ${reason}`));
faults.forEach((fault) => console.log(`day: ${fault}`));
if (faults.length > 0) process.exit(1);
console.log(`\nday: ${shown} cells hold through the gate; over HTTP each as directly, but for what is masked`);
