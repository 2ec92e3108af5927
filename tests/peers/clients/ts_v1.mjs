// The TypeScript SDK, version 1; over HTTP+SSE where the URL is that of a stream.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { check } from "./checks.mjs";

const [url, narrow, wide] = process.argv.slice(2);
const stream = url.endsWith("/sse");
const Transport = stream ? SSEClientTransport : StreamableHTTPClientTransport;
await check(`TypeScript SDK v1${stream ? ", HTTP+SSE" : ""}`, async (token) => {
  const client = new Client({ name: "peer-ts-v1", version: "1.0.0" });
  const headers = { Authorization: `Bearer ${token}` };
  await client.connect(new Transport(new URL(url), { requestInit: { headers } }));
  return {
    list: () => client.listTools(),
    call: (name, args) => client.callTool({ name, arguments: args }),
    close: () => client.close(),
  };
}, narrow, wide);
