// The steps of the day, and what each must show. `steps.txt` names them, for every client.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const STEPS = readFileSync(new URL("steps.txt", import.meta.url), "utf8").trim().split("\n");
const LONGEST_STEP_MS = 20_000;

/**
 * How the person is shown whom every answer of the upstream names: masked by the gate. A day
 * spent directly on the server shows her as she is, and so that there was something to mask.
 */
export const direct = process.env.DAY_DIRECT !== undefined;
export const NAME = direct ? "Maria Halloran" : "[PERSON_1]";
export const SSN = direct ? "536-90-4399" : "[US_SSN_1]";
export const SHOWN = `patient ${NAME}, SSN ${SSN}`;
const PLANTED = /Halloran|536-90-4399/;

/** Something was said about the patient, and through the gate nothing of who it is. */
export function masked(said) {
  const text = typeof said === "string" ? said : JSON.stringify(said);
  clean(text);
  assert.ok(text.includes(SHOWN), `not shown as ${SHOWN}: ${text}`);
}

function clean(text) {
  assert.ok(direct || !PLANTED.test(text), "a planted value came through");
}

/** A step that this client, revision or upstream does not have. */
export const notOffered = (by, why) => ({ by, why });

/** Lives the day: `steps` has a function, or `notOffered`, for each step. */
export async function live(steps, wire) {
  for (const name of STEPS) {
    const step = steps[name];
    if (step.by) {
      console.log(`NOT OFFERED ${name} by this ${step.by}: ${step.why}`);
      continue;
    }
    try {
      await within(step());
      clean(wire.seen);
      console.log(`PASS ${name}`);
    } catch (error) {
      console.log(`FAIL ${name}: ${error.stack}`);
    }
    wire.seen = "";
  }
}

function within(step) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(reject, LONGEST_STEP_MS, new Error("the step took too long"));
  });
  return Promise.race([step, late]).finally(() => clearTimeout(timer));
}

/** Waits until `holds` gives something true. */
export async function until(holds) {
  for (;;) {
    const held = await holds();
    if (held) return held;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/**
 * A `fetch` that keeps what comes over the wire, so that nothing planted hides in what an SDK
 * does not show; and which event ids streams were taken up after.
 */
export function tapped() {
  const wire = { seen: "", resumed: [] };
  wire.fetch = async (url, init) => {
    const after = new Headers(init?.headers).get("last-event-id");
    if (after) wire.resumed.push(after);
    const response = await fetch(url, init);
    if (!response.body) return response;
    const text = new TextDecoder();
    const tap = new TransformStream({
      transform(chunk, out) {
        wire.seen += text.decode(chunk, { stream: true });
        out.enqueue(chunk);
      },
    });
    const { status, statusText, headers } = response;
    return new Response(response.body.pipeThrough(tap), { status, statusText, headers });
  };
  return wire;
}
