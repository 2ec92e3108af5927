// The happy matrix: every way to a token × every form of it × every way of showing it, in
// both eras of MCP; and what the server behind the gate gets of each.
//   node matrix.mjs <gate url> <authority's line> <columns>
// A column is a form and a way, such as jwt/bearer; those not named are left out, and said so.
import assert from "node:assert/strict";
import { legacy, modern, text } from "./caller.mjs";
import { Grants, prover } from "./grants.mjs";

const [gate, line, chosen] = process.argv.slice(2);
const authority = JSON.parse(line);
const grants = new Grants(authority);
// Opaque tokens are for another server, since the authority gives each resource one form.
const servers = { jwt: ["records", process.env.RECORDS], opaque: ["vault", process.env.VAULT] };
const rows = {
  "code+PKCE": (...how) => grants.code(...how),
  "client credentials": (...how) => grants.machineToken(...how),
  "CIMD client": (...how) => grants.web(...how),
  refresh: (...how) => grants.refresh(...how),
};
const subjects = { "client credentials": "machine" };
const columns = chosen.split(",");
const all = ["jwt", "opaque"].flatMap((form) => ["bearer", "dpop", "mtls"].map((way) => `${form}/${way}`));

let cells = 0;
for (const column of columns) {
  assert(all.includes(column), `there is no column ${column}`);
  const [form, way] = column.split("/");
  const [server, told] = servers[form];
  const url = `${gate}/${server}/mcp`;
  for (const [row, obtain] of Object.entries(rows)) {
    const proof = way === "dpop" ? await prover() : undefined;
    const { access_token: token, token_type } = await obtain(url, proof);
    assert.equal(token.split(".").length === 3, form === "jwt", `${row} ${column}: the form of the token`);
    assert.equal(token_type, way === "dpop" ? "DPoP" : "Bearer");
    const authorize = async (method, at) => (way === "dpop"
      ? { authorization: `DPoP ${token}`, dpop: await proof(method, at, token) }
      : { authorization: `Bearer ${token}` });
    for (const [era, call] of Object.entries({ modern, legacy })) {
      const name = `${row}, ${column}, ${era}`;
      const before = await (await fetch(told)).json();
      const answer = await call(url, authorize);
      assert.equal(text(answer), "the record", `${name}: ${JSON.stringify(answer)}`);
      const after = await (await fetch(told)).json();
      assert.equal(after.taken, before.taken + 1, `${name}: one call`);
      assert.equal(after.refused, before.refused, `${name}: ${JSON.stringify(after.why)}`);
      const { iat, exp, jti, ...claims } = after.claims;
      assert(exp - iat >= 1 && exp - iat <= 5, `${name}: five seconds, not ${exp - iat}`);
      assert(typeof jti === "string" && jti.length > 0, name);
      assert.deepEqual(claims, {
        iss: authority.issuer, sub: subjects[row] ?? "alice", act: { sub: "portcullis" }, client_id: "portcullis",
        aud: `urn:${server}`, scope: `${server}:read`,
      }, name);
      cells += 1;
    }
  }
}
// A server whose tokens are bound to the gate's key, by an authority that asks it for nonces.
const ward = `${gate}/ward/mcp`;
const { access_token } = await grants.code(ward);
assert.equal(text(await modern(ward, async () => ({ authorization: `Bearer ${access_token}` }))), "the record");
const { claims, refused } = await (await fetch(process.env.WARD)).json();
assert(claims.cnf.jkt && claims.act.sub === "portcullis" && refused === 0);

const missing = all.filter((column) => !columns.includes(column));
console.log(`matrix: ${cells} cells hold (${columns.join(", ")})${missing.length ? `; not tried: ${missing.join(", ")}` : ""}`);
