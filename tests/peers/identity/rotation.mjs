// Calls without a pause while the gate's keys rotate: a server that keeps the key set as long
// as it is told to refuses none of them, and a key of one server signs nothing for another.
//   node rotation.mjs <gate url> <authority's line>
import assert from "node:assert/strict";
import { modern, text } from "./caller.mjs";

const [gate, line] = process.argv.slice(2);
const { issuer, tokens: [token, other] } = JSON.parse(line);
const authorize = async () => ({ authorization: `Bearer ${token}` });
const otherwise = async () => ({ authorization: `Bearer ${other}` });
const keys = async (server) => (await (await fetch(`${gate}/${server}/sts/jwks`)).json()).keys.map(({ kid }) => kid);
const told = async () => (await fetch(process.env.TOLD)).json();

const [seen, most] = [new Set(), Date.now() + 20000];
let calls = 0;
while (Date.now() < most) {
  const answers = await Promise.all(Array.from({ length: 4 }, () => modern(`${gate}/records/mcp`, authorize)));
  for (const answer of answers) assert.equal(text(answer), "the record", JSON.stringify(answer));
  calls += answers.length;
  for (const kid of await keys("records")) seen.add(kid);
}
const { taken, refused, claims, why } = await told();
assert.equal(taken, calls);
assert.equal(refused, 0, JSON.stringify(why));
assert(seen.size >= 4, `${seen.size} keys`);
const { iat, exp, jti, txn, ...rest } = claims;
assert(exp - iat <= 5 && jti && txn);
const { sub, scope } = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
assert(scope.includes("records_read"));
assert.deepEqual(rest, {
  iss: `${gate}/records/sts`, sub, sub_iss: issuer, act: { sub: gate }, client_id: gate, aud: "urn:records", scope: "records:read",
});
// A server that takes bound tokens alone, with a proof of the gate's key.
assert.equal(text(await modern(`${gate}/vault/mcp`, otherwise)), "the record");
const others = await keys("vault");
assert(others.every((kid) => !seen.has(kid)), "each server has keys of its own");
console.log(`local_sts: ${calls} calls over ${seen.size} keys, none refused`);
