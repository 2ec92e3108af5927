// The command of a client scenario: driver.mjs <url of the suite's server>
//
// A real client does what the scenario asks for. With CLIENT_GATE set it does so through a
// gate of its own, whose upstream is the suite's server: what the suite then sees and judges
// are the gate's requests.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { throughGate } from "./gate.mjs";

const server = process.argv.at(-1);
const scenario = process.env.MCP_CONFORMANCE_SCENARIO;
const modern = process.env.MCP_CONFORMANCE_PROTOCOL_VERSION === "2026-07-28";
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT || "{}");

const errands = {
  async tools_call(client) {
    await client.listTools();
    await client.callTool({ name: "add_numbers", arguments: { a: 5, b: 3 } });
  },
  async "elicitation-sep1034-client-defaults"(client) {
    await client.listTools();
    await client.callTool({ name: "test_client_elicitation_defaults", arguments: {} });
  },
  async "sse-retry"(client) {
    const { tools } = await client.listTools();
    await client.callTool({ name: tools[0].name, arguments: {} });
  },
  async "sep-2322-client-request-state"(client) {
    await client.listTools();
    const call = (name) => client.callTool({ name, arguments: {} });
    await Promise.all([call("test_mrtr_echo_state"), call("test_mrtr_unrelated")]);
    await call("test_mrtr_no_state");
    // The SDK is stricter than the scenario: without a `resultType` it takes no result.
    await call("test_mrtr_no_result_type").catch(() => {});
  },
  async "http-standard-headers"(client) {
    const { tools } = await client.listTools();
    for (const { name } of tools) await client.callTool({ name, arguments: {} });
    const { resources } = await client.listResources();
    for (const { uri } of resources) await client.readResource({ uri });
    const { prompts } = await client.listPrompts();
    for (const { name } of prompts) await client.getPrompt({ name });
  },
  async "http-custom-headers"(client) {
    await client.listTools();
    for (const call of context.toolCalls) await client.callTool(call);
  },
  async "http-invalid-tool-headers"(client) {
    const { tools } = await client.listTools();
    const value = { string: "a", integer: 1, number: 1, boolean: true };
    for (const { name, inputSchema } of tools) {
      const members = Object.entries(inputSchema.properties ?? {}).map(([key, { type }]) => [key, value[type]]);
      await client.callTool({ name, arguments: Object.fromEntries(members) });
    }
  },
  async "json-schema-2020-12-preservation"(client) {
    const { tools } = await client.listTools();
    const schema = tools.find((tool) => tool.name !== "json_schema_echo").inputSchema;
    await client.callTool({ name: "json_schema_echo", arguments: { schema } });
  },
};

async function drive(url, token) {
  const client = new Client({ name: "client-scenarios", version: "1.0.0" }, {
    capabilities: { sampling: {}, elicitation: { form: { applyDefaults: true } }, roots: {} },
    versionNegotiation: { mode: modern ? { pin: "2026-07-28" } : "legacy" },
  });
  client.setRequestHandler("elicitation/create", ({ params }) => {
    const confirms = "confirmed" in params.requestedSchema.properties;
    return { action: "accept", content: confirms ? { confirmed: true } : {} };
  });
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
  try {
    await (errands[scenario] ?? ((client) => client.listTools()))(client);
  } finally {
    await client.close();
  }
}

if (process.env.CLIENT_GATE) await throughGate(server, drive);
else await drive(server);
