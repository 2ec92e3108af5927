// The TypeScript SDK, version 2: ts_v2.mjs <mcp url> <token> <era> <upstream> <errands url> <errands token>
import { Client, LOG_LEVEL_META_KEY, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { createTaskSessionFromClient, resultFromTaskOutcome } from "@modelcontextprotocol/ext-tasks/client";
import { live, masked, notOffered, tapped } from "./steps.mjs";
import { answers, hearing, steps } from "./typescript.mjs";

const [url, token, era, upstream, errandsUrl, errandsToken] = process.argv.slice(2);
const wire = tapped();
const heard = hearing();

const newClient = () => new Client({ name: "day-ts-v2", version: "1.0.0" }, {
  capabilities: { sampling: {}, elicitation: { form: {} } },
  versionNegotiation: { mode: era === "modern" ? { pin: "2026-07-28" } : "legacy" },
});
const transport = (to, bearer) => new StreamableHTTPClientTransport(new URL(to), {
  requestInit: { headers: { Authorization: `Bearer ${bearer}` } },
  fetch: wire.fetch,
});

const client = newClient();
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
await client.connect(transport(url, token));

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

/** The tasks of 2025-11-25, which the SDK has in a package of its own. */
async function tasks() {
  const client = newClient();
  await client.connect(transport(errandsUrl, errandsToken));
  const session = createTaskSessionFromClient(client, { endpointId: "errands" });
  // The tool works as a task only.
  const execution = await session.callTool("fetch_record", {});
  const { outcome } = await execution.settle();
  masked(resultFromTaskOutcome(outcome).content[0].text);
  await session.close();
  await client.close();
}
const noTasks = notOffered("client", "its package for tasks leaves it to the application to send the requests of 2026-07-28");
await live({ ...steps({ client, sdk, heard, wire, era, upstream }), tasks: era === "modern" ? noTasks : tasks }, wire);
await client.close();
