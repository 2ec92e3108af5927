// The day as both TypeScript SDKs live it; what they spell differently comes in `sdk`.
import assert from "node:assert/strict";
import { direct, masked, NAME, notOffered, SHOWN, SSN, until } from "./steps.mjs";

const TOOLS = [
  "read_chart", "summarize", "discharge", "transfer", "make_rounds",
  "watch", "watch_report", "transcribe", "rearrange", "test_reconnection",
];
const CHART = {
  bed: 4,
  patient: { name: NAME, ssn: SSN },
  note: `A quiet night for ${SHOWN}`,
  pulse: 72,
};

/** What the server asked this client, and what it told it. */
export function hearing() {
  return { sampling: [], elicitation: [], logging: [], changes: new Set() };
}

export const answers = {
  sampling: { role: "assistant", model: "test-model", content: { type: "text", text: "She slept." } },
  elicitation: { action: "accept", content: { home: true } },
};

export function steps({ client, sdk, heard, wire, era, upstream }) {
  const text = (result) => {
    assert.ok(!result.isError, JSON.stringify(result));
    return result.content[0].text;
  };
  const call = async (name, args = {}, options = {}) => text(await sdk.call(name, args, options));
  return {
    async list() {
      const { tools } = await client.listTools();
      assert.deepEqual(tools.map((tool) => tool.name), TOOLS);
      masked(tools[0].description);
      masked(client.getInstructions());
    },
    /** The SDK itself holds the structure against the tool's `outputSchema`. */
    async call() {
      const result = await sdk.call("read_chart", { bed: 4 });
      assert.deepEqual(result.structuredContent, CHART);
      assert.deepEqual(JSON.parse(text(result)), CHART);
    },
    async prompts() {
      const { prompts } = await client.listPrompts();
      assert.deepEqual(prompts.map((prompt) => prompt.name), ["handover"]);
      masked(prompts[0].description);
      const prompt = await client.getPrompt({ name: "handover", arguments: { bed: "4" } });
      masked(prompt.messages[0].content.text);
    },
    async resources() {
      const { resources } = await client.listResources();
      assert.equal(resources[0].uri, "ward://charts/4");
      masked(resources[0].description);
      const { resourceTemplates } = await client.listResourceTemplates();
      assert.equal(resourceTemplates[0].uriTemplate, "ward://charts/{bed}");
      masked(resourceTemplates[0].description);
      for (const uri of ["ward://charts/4", "ward://charts/7"]) {
        const { contents } = await client.readResource({ uri });
        assert.equal(contents[0].uri, uri);
        masked(contents[0].text);
      }
    },
    async completion() {
      const ref = { type: "ref/prompt", name: "handover" };
      const { completion } = await client.complete({ ref, argument: { name: "bed", value: "4" } });
      assert.deepEqual(completion.values, ["4", `4, ${SHOWN}`]);
    },
    async sampling() {
      const said = await call("summarize");
      assert.equal(heard.sampling.length, 1);
      masked(heard.sampling[0].messages);
      masked(said);
      assert.ok(said.includes("She slept."), said);
    },
    async elicitation() {
      const said = await call("discharge");
      assert.equal(heard.elicitation.length, 1);
      masked(heard.elicitation[0].message);
      assert.equal(heard.elicitation[0].requestedSchema.properties.home.type, "boolean");
      masked(said);
      assert.ok(said.includes("home=true"), said);
    },
    async progress() {
      const reports = [];
      masked(await call("transfer", {}, { onprogress: (report) => reports.push(report) }));
      assert.deepEqual(reports.map((report) => report.progress), [1, 2, 3]);
      reports.forEach((report) => masked(report.message));
    },
    async logging() {
      await sdk.log("info");
      masked(await call("make_rounds"));
      const { data } = await until(() => heard.logging[0]);
      masked(data.visit);
      assert.equal(data.patient.ssn, SSN);
    },
    async cancel() {
      const watch = crypto.randomUUID();
      const leaving = new AbortController();
      const watching = assert.rejects(sdk.call("watch", { watch }, { signal: leaving.signal }));
      setTimeout(() => leaving.abort(), 500);
      await watching;
      const report = await until(async () => {
        const said = await call("watch_report", { watch });
        return said.includes("was cancelled") && said;
      });
      masked(report);
      // Both SDKs would take up the cancelled call's stream again, for ever.
      if (direct || era === "modern") return;
      const before = wire.resumed.length;
      await new Promise((resolve) => setTimeout(resolve, 1000));
      assert.ok(wire.resumed.length <= before + 1, "the stream of a cancelled call is taken up again");
    },
    async changes() {
      const done = await sdk.listen();
      masked(await call("rearrange"));
      await until(() => heard.changes.has("tools") && heard.changes.has("prompts"));
      await done();
    },
    resumption:
      era === "modern" ? notOffered("revision", "2026-07-28 has no event ids")
      : upstream === "stdio" ? notOffered("upstream", "standard streams do not break off")
      : async () => {
          masked(await call("test_reconnection"));
          assert.ok(wire.resumed.length > 0);
        },
  };
}
