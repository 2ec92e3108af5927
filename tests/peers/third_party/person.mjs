// The person whom every test plants, and a client of either era that must not see her.
import assert from "node:assert/strict";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { tapped } from "../day/steps.mjs";

export const NAME = "Maria Halloran";
export const SSN = "536-90-4399";
export const CARD = "4111 1111 1111 1111";
export const EMAIL = "maria@halloran.example";
/** Under a key, so that the name is known wherever else it stands in the same result. */
export const RECORD = { patient_name: NAME, ssn: SSN, card: CARD, email: EMAIL };
const PLANTED = /halloran|536-?90-?4399|4111[ -]?1111[ -]?1111/i;

/** A session whose every call is held against the tool's `outputSchema` by the SDK. */
export async function session(url, token, era) {
  const wire = tapped();
  const mode = era === "modern" ? { pin: "2026-07-28" } : "legacy";
  const client = new Client({ name: "peer-third-party", version: "1.0.0" }, { versionNegotiation: { mode } });
  const headers = { Authorization: `Bearer ${token}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers }, fetch: wire.fetch }));
  const { tools } = await client.listTools();
  assert.ok(tools.every((tool) => tool.outputSchema), "each tool declares what it gives");
  const called = new Set();
  const call = async (name, args = {}) => {
    called.add(name);
    const result = await client.callTool({ name, arguments: args });
    unseen(wire);
    assert.ok(result.isError || result.structuredContent, `${name} gave no structure`);
    return result;
  };
  return {
    call,
    /** The structure and the text of a call that must work. */
    async works(name, args) {
      const result = await call(name, args);
      assert.ok(!result.isError, `${name}: ${JSON.stringify(result)}`);
      return { structure: result.structuredContent, text: result.content[0].text };
    },
    /** Ends it; every tool must have had its turn. */
    async close() {
      assert.deepEqual([...called].sort(), tools.map((tool) => tool.name).sort());
      await client.close();
      unseen(wire);
      return tools.length;
    },
    leave: () => client.close(),
  };
}

function unseen(wire) {
  clean(wire.seen);
  for (const [word] of wire.seen.matchAll(/[A-Za-z0-9+/]{24,}={0,2}/g)) clean(Buffer.from(word, "base64").toString());
}

function clean(text) {
  const at = text.search(PLANTED);
  assert.ok(at < 0, `what was planted came through: ${text.slice(Math.max(0, at - 150), at + 150)}`);
}
