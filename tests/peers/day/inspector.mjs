// The MCP Inspector's command line, a process for each request:
// inspector.mjs <mcp url> <token> <era> <upstream> <errands url> <errands token>
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { live, masked, NAME, notOffered, SHOWN, SSN, until } from "./steps.mjs";

const PROGRAM = fileURLToPath(new URL("../node_modules/.bin/mcp-inspector", import.meta.url));
const [url, token, era, upstream, errandsUrl, errandsToken] = process.argv.slice(2);
const wire = { seen: "" };

/** Starts one request; `end` ends its process, as a person at the keyboard would. */
function inspect(to, bearer, method, ...options) {
  const server = ["--cli", to, "--transport", "http", "--header", `Authorization: Bearer ${bearer}`];
  const request = ["--protocol-era", era, "--format", "json", "--method", method, ...options];
  // A group of its own, since the Inspector starts its command line as a child.
  const inspector = spawn(PROGRAM, [...server, ...request], { detached: true });
  let [out, all] = ["", ""];
  inspector.stdout.on("data", (data) => void (out += data, all += data));
  inspector.stderr.on("data", (data) => void (all += data));
  const code = new Promise((resolve) => inspector.on("close", resolve));
  const result = code.then((code) => {
    wire.seen += all;
    assert.equal(code, 0, all);
    return JSON.parse(out).result;
  });
  return { result, end: () => process.kill(-inspector.pid, "SIGINT") };
}

const ask = (method, ...options) => inspect(url, token, method, ...options).result;
const tool = (name, args = {}) => ["tools/call", "--tool-name", name, "--tool-args-json", JSON.stringify(args)];
const call = async (name, args) => (await ask(...tool(name, args))).content[0].text;

const steps = {
  async list() {
    const { tools } = await ask("tools/list");
    assert.equal(tools.length, 10);
    masked(tools[0].description);
    masked((await ask("initialize")).instructions);
  },
  async call() {
    const { structuredContent, content } = await ask(...tool("read_chart", { bed: 4 }));
    const patient = { name: NAME, ssn: SSN };
    assert.deepEqual(structuredContent, { bed: 4, patient, note: `A quiet night for ${SHOWN}`, pulse: 72 });
    assert.deepEqual(JSON.parse(content[0].text), structuredContent);
  },
  async prompts() {
    const { prompts } = await ask("prompts/list");
    masked(prompts[0].description);
    const { messages } = await ask("prompts/get", "--prompt-name", "handover", "--prompt-args", "bed=4");
    masked(messages[0].content.text);
  },
  async resources() {
    masked((await ask("resources/list")).resources[0].description);
    masked((await ask("resources/templates/list")).resourceTemplates[0].description);
    for (const uri of ["ward://charts/4", "ward://charts/7"]) {
      const { contents } = await ask("resources/read", "--uri", uri);
      assert.equal(contents[0].uri, uri);
      masked(contents[0].text);
    }
  },
  completion: notOffered("client", "its command line has no completion/complete"),
  sampling: notOffered("client", "its command line switches sampling off"),
  elicitation: notOffered("client", "its command line switches elicitation off"),
  progress: notOffered("client", "its command line switches progress off"),
  logging: notOffered("client", "its command line prints results, and no notification"),
  /** It cannot cancel but by going away, which is a cancellation since 2026-07-28. */
  cancel:
    era !== "modern"
      ? notOffered("client", "its command line can only go away, which cancels nothing before 2026-07-28")
      : async () => {
          const watch = crypto.randomUUID();
          const watching = inspect(url, token, ...tool("watch", { watch }));
          const gone = assert.rejects(watching.result);
          setTimeout(watching.end, 3000);
          await gone;
          masked(await until(async () => {
            const said = await call("watch_report", { watch });
            return said.includes("was cancelled") && said;
          }));
        },
  /** A task of the extension, and in 2025-11-25 one of the core. */
  async tasks() {
    if (era === "modern") return masked(await call("transcribe"));
    const { content, _meta } = await inspect(errandsUrl, errandsToken, ...tool("fetch_record")).result;
    masked(content[0].text);
    assert.ok(_meta["io.modelcontextprotocol/related-task"].taskId);
  },
  changes: notOffered("client", "its command line prints results, and no notification"),
  /** The answer comes only on the stream that is taken up again. */
  resumption:
    era === "modern" ? notOffered("revision", "2026-07-28 has no event ids")
    : upstream === "stdio" ? notOffered("upstream", "standard streams do not break off")
    : async () => masked(await call("test_reconnection")),
};
await live(steps, wire);
