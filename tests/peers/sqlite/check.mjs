// mcp-server-sqlite behind the gate: check.mjs <mcp url> <narrow token> <wide token>
import assert from "node:assert/strict";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { said } from "../clients/checks.mjs";

const [url, narrow, wide] = process.argv.slice(2);
const NAME = "mcp-server-sqlite";

async function query(token, sql) {
  const client = new Client({ name: "peer-sqlite", version: "1.0.0" });
  const headers = { Authorization: `Bearer ${token}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
  const tools = (await client.listTools()).tools.map((tool) => tool.name);
  assert.deepEqual(tools, ["read_query"], "only the tool that has rules is listed");
  const result = await client.callTool({ name: "read_query", arguments: { query: sql } });
  await client.close();
  return result.content[0].text;
}

const SSN = /\d{3}-\d{2}-\d{4}/;
const PHONE = /\(\d{3}\) 555/;
const few = await query(narrow, "SELECT * FROM patients LIMIT 3");
assert.deepEqual(Object.keys(JSON.parse(few)[0]), ["id", "birth_date", "diagnosis"]);
assert.match(JSON.parse(few)[0].birth_date, /^\d{4}$/);
said(NAME, "patient:read sees three columns of seven, birth dates as years");

const all = await query(wide, "SELECT * FROM patients LIMIT 3");
const rows = JSON.parse(all);
assert.equal(rows[0].full_name, "[PERSON_1]");
assert.ok(!SSN.test(all) && !PHONE.test(all), all);
assert.match(rows[0].note, /^\[PERSON_1\] called from \[PHONE_1\]; SSN \[US_SSN_1\] verified\.$/);
said(NAME, "phi:read sees all columns, through the detectors, free text included");

const renamed = await query(narrow, "SELECT ssn AS id, note AS diagnosis, full_name AS birth_date FROM patients LIMIT 3");
assert.ok(!SSN.test(renamed) && !PHONE.test(renamed), renamed);
said(NAME, "a column renamed to a released one brings no SSN out");
