// The comparison must see what differs: node --test compare.test.mjs
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const floors = JSON.parse(readFileSync(join(import.meta.dirname, "floors.json")));
const [server, requirements] = ["fixture", "2025-11-25"];
const enough = floors[server][requirements].passed;

// Compares two sets of findings, given as statuses of one scenario's checks of the same id.
function compare(direct, gated) {
  const work = mkdtempSync(join(tmpdir(), "compare-"));
  for (const [side, statuses] of Object.entries({ direct, neutral: gated })) {
    const folder = join(work, server, requirements, side, "server-ping-2026-01-02T03-04-05-678Z");
    mkdirSync(folder, { recursive: true });
    const checks = statuses.map((status) => ({ id: "ping", name: "Ping", status, errorMessage: "why" }));
    writeFileSync(join(folder, "checks.json"), JSON.stringify(checks));
  }
  const parameters = [`${import.meta.dirname}/compare.mjs`, work, server, requirements, "unused", "neutral", "unused"];
  const { status, stdout, stderr } = spawnSync(process.execPath, parameters, { encoding: "utf8" });
  rmSync(work, { recursive: true });
  return { status, output: stdout + stderr };
}

const passes = Array(enough).fill("SUCCESS");

test("the same findings are the same", () => {
  const { status, output } = compare(passes, passes);
  assert.equal(status, 0, output);
});

test("one check that turns out otherwise is found, a warning too", () => {
  for (const other of ["FAILURE", "WARNING", "SKIPPED"]) {
    const { status, output } = compare([...passes, "SUCCESS"], [...passes, other]);
    assert.equal(status, 1);
    assert.match(output, new RegExp(`DIFFERS: ping ping \\(Ping #${enough + 1}\\): SUCCESS -> ${other}\n    why`));
  }
});

test("a check that is missing on one side is found", () => {
  assert.match(compare([...passes, "INFO"], passes).output, /INFO -> absent/);
  assert.match(compare(passes, [...passes, "INFO"]).output, /absent -> INFO/);
});

test("sides that are equally bad fall below the floor", () => {
  const bad = [...passes.slice(1), "FAILURE"];
  const { status, output } = compare(bad, bad);
  assert.equal(status, 1);
  assert.match(output, /BELOW THE FLOOR/);
});
