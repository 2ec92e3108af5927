// A server whose one tool is a task as 2025-11-25 has it in its core, on the TypeScript SDK:
// `errands.mjs --port N` prints `{"url": …}` on one line; `errands.mjs --stdio` reads at once.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { InMemoryTaskMessageQueue, InMemoryTaskStore } from "@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js";

const PATIENT = "patient Maria Halloran, SSN 536-90-4399";
const ERRAND_MS = 300;
const POLL_INTERVAL_MS = 100;
const store = new InMemoryTaskStore();
const queue = new InMemoryTaskMessageQueue();

function errands() {
  const capabilities = { tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } };
  const options = { capabilities, taskStore: store, taskMessageQueue: queue };
  const server = new McpServer({ name: "errands", version: "1.0.0" }, options);
  const about = { description: `Fetches a record, such as that of ${PATIENT}`, execution: { taskSupport: "required" } };
  server.experimental.tasks.registerToolTask("fetch_record", about, {
    async createTask({ taskStore, taskRequestedTtl }) {
      const task = await taskStore.createTask({ ttl: taskRequestedTtl, pollInterval: POLL_INTERVAL_MS });
      await taskStore.updateTaskStatus(task.taskId, "working", `On the way to ${PATIENT}`);
      const result = { content: [{ type: "text", text: `The record of ${PATIENT}` }] };
      // The store throws, and would end this server, where the client has left meanwhile.
      setTimeout(() => taskStore.storeTaskResult(task.taskId, "completed", result).catch(() => {}), ERRAND_MS);
      return { task };
    },
    getTask: (_, { taskId, taskStore }) => taskStore.getTask(taskId),
    getTaskResult: (_, { taskId, taskStore }) => taskStore.getTaskResult(taskId),
  });
  return server;
}

const sessions = new Map();
async function serve(request, response) {
  let transport = sessions.get(request.headers["mcp-session-id"]);
  if (!transport) {
    transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
    });
    await errands().connect(transport);
  }
  await transport.handleRequest(request, response);
}

const [flag, port] = process.argv.slice(2);
if (flag === "--stdio") {
  await errands().connect(new StdioServerTransport());
} else {
  const server = createServer(serve).listen(Number(port), "127.0.0.1", () => {
    console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}/mcp` }));
  });
}
