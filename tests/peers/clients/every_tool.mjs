// Every tool that a token may call, through both versions of the TypeScript SDK, which
// hold each result against the outputSchema that was listed.
// node every_tool.mjs <mcp url> <server> (<caller> <token>)…
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from "@modelcontextprotocol/client";
import { said } from "./checks.mjs";

const [url, server, ...pairs] = process.argv.slice(2);
const table = JSON.parse(readFileSync(new URL("tools.json", import.meta.url)))[server];
const info = { name: "peer-every-tool", version: "1.0.0" };
const clients = {
  "TypeScript SDK v1": [() => new ClientV1(info), TransportV1],
  "TypeScript SDK v2, 2026-07-28": [
    () => new ClientV2(info, { versionNegotiation: { mode: { pin: "2026-07-28" } } }), TransportV2],
};

for (const [name, [make, Transport]] of Object.entries(clients)) {
  const called = new Set();
  let accepted = 0;
  for (let at = 0; at < pairs.length; at += 2) {
    const [caller, token] = pairs.slice(at, at + 2);
    const client = make();
    const headers = { Authorization: `Bearer ${token}` };
    await client.connect(new Transport(new URL(url), { requestInit: { headers } }));
    for (const tool of (await client.listTools()).tools) {
      assert.ok(tool.outputSchema, `${tool.name} declares no outputSchema`);
      const result = await client.callTool({ name: tool.name, arguments: table.tools[tool.name] });
      assert.ok(!result.isError, `${tool.name} for ${caller}: ${JSON.stringify(result)}`);
      assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent, `${tool.name}: the text twin differs`);
      called.add(tool.name);
      accepted += 1;
    }
    await client.close();
  }
  assert.deepEqual([...called].sort(), Object.keys(table.tools).sort());
  said(name, `accepts ${accepted} results of all ${called.size} tools of ${server}, schema validation on`);
}
