// Holds the conformance suite's findings through the gate against those of the same server
// asked directly, check by check.
//
//   node compare.mjs <work folder> <server> <requirements> <direct url> <rules> <gated url>
//
// Exit 1 on every difference that accepted.yaml does not argue for, and where the direct
// side itself falls below floors.json.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { outcome, totals } from "./suite.mjs";

const [work, server, requirements, directUrl, rules, gatedUrl] = process.argv.slice(2);
const folder = (side) => join(work, server, requirements, side);
const direct = await outcome(directUrl, requirements, folder("direct"));
const gated = await outcome(gatedUrl, requirements, folder(rules));

const accepted = readAccepted();
const differences = [...new Set([...direct.keys(), ...gated.keys()])]
  .map((key) => difference(direct.get(key), gated.get(key)))
  .filter((found) => found);
printTable();
for (const found of differences) printDifference(found);

const faults = differences.filter((found) => !found.accepted).length + belowFloor();
console.log(faults === 0 ? "the same\n" : `${faults} fault(s)\n`);
process.exitCode = faults === 0 ? 0 : 1;

function difference(before, after) {
  const [from, to] = [before?.status ?? "absent", after?.status ?? "absent"];
  if (from === to) return undefined;
  const { scenario, check, name, occurrence } = before ?? after;
  const reason = accepted.find(
    (entry) =>
      entry.scenario === scenario && entry.check === check && entry.gated === to &&
      [["server", server], ["requirements", requirements], ["rules", rules]].every(
        ([member, here]) => entry[member] === undefined || entry[member] === here,
      ),
  )?.reason;
  return { scenario, check, name, occurrence, from, to, message: after?.errorMessage, accepted: reason };
}

// Every accepted difference must be argued, or the list would grow unseen.
function readAccepted() {
  const entries = parse(readFileSync(join(import.meta.dirname, "accepted.yaml"), "utf8")) ?? [];
  for (const entry of entries) {
    for (const member of ["scenario", "check", "gated", "reason"]) {
      if (typeof entry[member] !== "string") throw new Error(`accepted.yaml: an entry lacks ${member}`);
    }
    if (entry.reason.trim().split(/\s+/).length < 8) {
      throw new Error(`accepted.yaml: ${entry.check} needs a reason, not a word`);
    }
  }
  return entries;
}

function printTable() {
  console.log(`${server}, ${requirements}: direct / ${rules}`);
  const scenarios = [...new Set([...direct.values(), ...gated.values()].map((check) => check.scenario))];
  const cell = (side, scenario) => {
    const { passed, failed } = totals([...side.values()].filter((check) => !scenario || check.scenario === scenario));
    return `${passed}/${failed}`.padStart(7);
  };
  for (const scenario of scenarios) {
    const differs = differences.some((found) => found.scenario === scenario) ? "  differs" : "";
    console.log(`  ${scenario.padEnd(46)}${cell(direct, scenario)}${cell(gated, scenario)}${differs}`);
  }
  console.log(`  ${"all".padEnd(46)}${cell(direct)}${cell(gated)}`);
}

function printDifference({ scenario, check, name, occurrence, from, to, message, accepted }) {
  console.log(`${accepted ? "accepted" : "DIFFERS"}: ${scenario} ${check} (${name} #${occurrence}): ${from} -> ${to}`);
  if (message) console.log(`    ${message.slice(0, 600)}`);
  if (accepted) console.log(`    because ${accepted.trim()}`);
}

// A broken server could make both sides equally bad.
function belowFloor() {
  const floor = JSON.parse(readFileSync(join(import.meta.dirname, "floors.json")))[server][requirements];
  const { passed, failed } = totals(direct.values());
  if (passed >= floor.passed && failed <= floor.failed) return 0;
  console.log(`BELOW THE FLOOR: direct ${passed}/${failed}, should be ${floor.passed}/${floor.failed}`);
  for (const { scenario, check, status, errorMessage } of direct.values()) {
    if (status === "FAILURE") console.log(`    ${scenario} ${check}: ${(errorMessage ?? "").slice(0, 300)}`);
  }
  return 1;
}
