// server-memory behind the gate, killed in mid-session at the end:
// memory.mjs <mcp url> <token> <era> <file> <the gate's process id>
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { said } from "../clients/checks.mjs";
import { CARD, EMAIL, NAME, SSN, session } from "./person.mjs";

const [url, token, era, file, gate] = process.argv.slice(2);
const stored = () => readFileSync(file, "utf8").split("\n").filter((line) => line).map((line) => JSON.parse(line));
const { works, call, close } = await session(url, token, era);

const maria = { name: NAME, entityType: "person", observations: [`SSN ${SSN}`] };
const ward = { name: "Ward 4", entityType: "place", observations: ["quiet"] };
const stays = { from: NAME, to: "Ward 4", relationType: "stays in" };
const shown = {
  maria: { name: "[VALUE_1]", entityType: "person", observations: ["SSN [US_SSN_1]"] },
  ward: { name: "[VALUE_2]", entityType: "place", observations: ["quiet"] },
  stays: { from: "[VALUE_1]", to: "Ward 4", relationType: "stays in" },
};
/** The text is what stands under the structure's only key, or all of the structure. */
const same = ({ structure, text }, expected, key) => {
  assert.deepEqual(structure, expected);
  assert.deepEqual(JSON.parse(text), key ? expected[key] : expected);
};

same(await works("create_entities", { entities: [maria, ward] }), { entities: [shown.maria, shown.ward] }, "entities");
same(await works("create_relations", { relations: [stays] }), { relations: [shown.stays] }, "relations");
const more = [`card ${CARD}`, EMAIL];
const observed = { results: [{ entityName: "[VALUE_1]", addedObservations: ["card [PAN_1]", "[EMAIL_1]"] }] };
same(await works("add_observations", { observations: [{ entityName: NAME, contents: more }] }), observed, "results");
shown.maria.observations.push("card [PAN_1]", "[EMAIL_1]");
same(await works("read_graph"), { entities: [shown.maria, shown.ward], relations: [shown.stays] });
for (const [name, args] of [["search_nodes", { query: SSN }], ["open_nodes", { names: [NAME] }]]) {
  same(await works(name, args), { entities: [shown.maria], relations: [shown.stays] });
}
maria.observations.push(...more);
const graph = [{ type: "entity", ...maria }, { type: "entity", ...ward }, { type: "relation", ...stays }];
assert.deepEqual(stored(), graph, "what is stored is what the client sent");

const nobody = await call("add_observations", { observations: [{ entityName: `${NAME} ${SSN}`, contents: [EMAIL] }] })
  .catch((error) => error);
assert.ok(nobody.isError, String(nobody));

await works("delete_observations", { deletions: [{ entityName: NAME, observations: more }] });
assert.deepEqual(stored()[0].observations, [`SSN ${SSN}`]);
await works("delete_relations", { relations: [stays] });
await works("delete_entities", { entityNames: ["Ward 4"] });
assert.deepEqual(stored().map((line) => line.name), [NAME]);

const children = execFileSync("pgrep", ["-P", gate, "-f", "server-memory"], { encoding: "utf8" }).trim().split("\n");
children.forEach((child) => process.kill(Number(child), "SIGKILL"));
// The gate waits half a second before it starts again what crashed.
await new Promise((resolve) => setTimeout(resolve, 1500));
const kept = { entities: [{ ...shown.maria, observations: ["SSN [US_SSN_1]"] }], relations: [] };
const count = era === "modern" ? await goesOn() : await beginsAnew();
said(`server-memory, ${era}`, `${count} tools; nothing planted comes out, the SDK's validation is content, the graph is right`);
said(`server-memory, ${era}`, era === "modern" ? "killed, it is started again" : "killed, its session is said to be over, and a new one works");

/** No session was lost with the child. */
async function goesOn() {
  same(await works("read_graph"), kept);
  return close();
}

/** What the child knew of its session is gone, so the gate must not go on with another. */
async function beginsAnew() {
  await assert.rejects(call("read_graph"), (error) => error.data.status === 404 && /initialize again/.test(error.message));
  const anew = await session(url, token, era);
  same(await anew.works("read_graph"), kept);
  await anew.leave();
  return close();
}
