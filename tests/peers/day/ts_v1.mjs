// The TypeScript SDK, version 1: ts_v1.mjs <mcp url> <token> <era> <upstream> <errands url> <errands token>
import assert from "node:assert/strict";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  CallToolResultSchema, CreateMessageRequestSchema, ElicitRequestSchema, LoggingMessageNotificationSchema,
  PromptListChangedNotificationSchema, ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { live, masked, notOffered, tapped } from "./steps.mjs";
import { answers, hearing, steps } from "./typescript.mjs";

const [url, token, era, upstream, errandsUrl, errandsToken] = process.argv.slice(2);
const wire = tapped();
const heard = hearing();

async function connect(to, bearer) {
  const capabilities = { sampling: {}, elicitation: {} };
  const client = new Client({ name: "day-ts-v1", version: "1.0.0" }, { capabilities });
  client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => {
    heard.sampling.push(params);
    return answers.sampling;
  });
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    heard.elicitation.push(params);
    return answers.elicitation;
  });
  client.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => heard.logging.push(params));
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => heard.changes.add("tools"));
  client.setNotificationHandler(PromptListChangedNotificationSchema, () => heard.changes.add("prompts"));
  const requestInit = { headers: { Authorization: `Bearer ${bearer}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(to), { requestInit, fetch: wire.fetch }));
  return client;
}

/** The tasks of 2025-11-25: the call itself becomes one, if its tool agrees. */
async function tasks() {
  const client = await connect(errandsUrl, errandsToken);
  await client.listTools();
  const seen = [];
  const stream = client.experimental.tasks.callToolStream(
    { name: "fetch_record", arguments: {} }, CallToolResultSchema, { task: { ttl: 60_000 } },
  );
  for await (const message of stream) {
    seen.push(message.type);
    if (message.type === "taskStatus" && message.task.statusMessage) masked(message.task.statusMessage);
    if (message.type === "result") masked(message.result.content[0].text);
  }
  assert.equal(seen[0], "taskCreated");
  assert.equal(seen.at(-1), "result");
  const listed = await client.experimental.tasks.listTasks();
  assert.equal(listed.tasks.length, 1);
  await client.close();
}

if (era === "modern") {
  const never = notOffered("client", "it speaks no revision after 2025-11-25");
  await live(new Proxy({}, { get: () => never }), wire);
} else {
  const client = await connect(url, token);
  const sdk = {
    call: (name, args, options) => client.callTool({ name, arguments: args }, CallToolResultSchema, options),
    log: (level) => client.setLoggingLevel(level),
    listen: async () => async () => {},
  };
  await live({ ...steps({ client, sdk, heard, wire, era, upstream }), tasks }, wire);
  await client.close();
}
