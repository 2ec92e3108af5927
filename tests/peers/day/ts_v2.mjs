// The TypeScript SDK, version 2: ts_v2.mjs <mcp url> <token> <era> <upstream>
import { Client, LOG_LEVEL_META_KEY, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { live, notOffered, tapped } from "./steps.mjs";
import { answers, hearing, steps } from "./typescript.mjs";

const [url, token, era, upstream] = process.argv.slice(2);
const wire = tapped();
const heard = hearing();

const client = new Client({ name: "day-ts-v2", version: "1.0.0" }, {
  capabilities: { sampling: {}, elicitation: { form: {} } },
  versionNegotiation: { mode: era === "modern" ? { pin: "2026-07-28" } : "legacy" },
});
client.setRequestHandler("sampling/createMessage", ({ params }) => {
  heard.sampling.push(params);
  return answers.sampling;
});
client.setRequestHandler("elicitation/create", ({ params }) => {
  heard.elicitation.push(params);
  return answers.elicitation;
});
client.setNotificationHandler("notifications/message", ({ params }) => void heard.logging.push(params));
client.setNotificationHandler("notifications/tools/list_changed", () => void heard.changes.add("tools"));
client.setNotificationHandler("notifications/prompts/list_changed", () => void heard.changes.add("prompts"));
const requestInit = { headers: { Authorization: `Bearer ${token}` } };
await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit, fetch: wire.fetch }));

/** Since 2026-07-28 each request says itself what it wants to hear. */
let level;
const sdk = {
  call: (name, args, options) => client.callTool({ name, arguments: args, ...level }, options),
  async log(wanted) {
    if (era === "modern") level = { _meta: { [LOG_LEVEL_META_KEY]: wanted } };
    else await client.setLoggingLevel(wanted);
  },
  async listen() {
    if (era !== "modern") return async () => {};
    const subscription = await client.listen({ toolsListChanged: true, promptsListChanged: true });
    return () => subscription.close();
  },
};
const tasks = notOffered("client", "version 2 has no tasks, neither of the core nor of the extension");
await live({ ...steps({ client, sdk, heard, wire, era, upstream }), tasks }, wire);
await client.close();
