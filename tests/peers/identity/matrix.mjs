// The happy matrix: every way to a token × every form of it × every way of showing it, in
// both eras of MCP; and what the server behind the gate gets of each.
//   node matrix.mjs <gate url> <authority's line> [<columns>]
// A column is a form and a way, such as jwt/bearer: all, or those that are named.
// CERTIFICATES has two certificates that clients may show, `one` and `other`, each with its key.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
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
const certified = (name) => ({
  cert: readFileSync(`${process.env.CERTIFICATES}/${name}.pem`), key: readFileSync(`${process.env.CERTIFICATES}/${name}.key`),
});
const all = ["jwt", "opaque"].flatMap((form) => ["bearer", "dpop", "mtls"].map((way) => `${form}/${way}`));
const columns = chosen ? chosen.split(",") : all;
// What a caller binds its tokens to, and what a thief has instead.
const ways = {
  bearer: async () => ({}),
  dpop: async () => ({ proof: await prover() }),
  mtls: async () => ({ certificate: certified("one") }),
};
const thieves = {
  bearer: [],
  dpop: [["as a bearer token", async () => ({})], ["with a key of its own", ways.dpop]],
  mtls: [["without a certificate", async () => ({})], ["with another certificate", async () => ({ certificate: certified("other") })]],
};
// The headers of a request that shows the token in its way.
const shown = (token, { proof, certificate }) => Object.assign(
  async (method, at, nonce) => (proof
    ? { authorization: `DPoP ${token}`, dpop: await proof(method, at, token, nonce) }
    : { authorization: `Bearer ${token}` }),
  { certificate },
);
const telling = async (told) => (await fetch(told)).json();

let [cells, refusals] = [0, 0];
for (const column of columns) {
  assert(all.includes(column), `there is no column ${column}`);
  const [form, way] = column.split("/");
  const [server, told] = servers[form];
  const url = `${gate}/${server}/mcp`;
  for (const [row, obtain] of Object.entries(rows)) {
    const how = await ways[way]();
    const { access_token: token, token_type } = await obtain(url, how);
    assert.equal(token.split(".").length === 3, form === "jwt", `${row} ${column}: the form of the token`);
    assert.equal(token_type, way === "dpop" ? "DPoP" : "Bearer");
    const subject = row === "client credentials" ? (way === "mtls" ? "bound-machine" : "machine") : "alice";
    for (const [era, call] of Object.entries({ modern, legacy })) {
      const name = `${row}, ${column}, ${era}`;
      const before = await telling(told);
      const answer = await call(url, shown(token, how));
      assert.equal(text(answer), "the record", `${name}: ${JSON.stringify(answer)}`);
      const after = await telling(told);
      assert.equal(after.taken, before.taken + 1, `${name}: one call`);
      assert.equal(after.refused, before.refused, `${name}: ${JSON.stringify(after.why)}`);
      const { iat, exp, jti, ...claims } = after.claims;
      assert(exp - iat >= 1 && exp - iat <= 5, `${name}: five seconds, not ${exp - iat}`);
      assert(typeof jti === "string" && jti.length > 0, name);
      assert.deepEqual(claims, {
        iss: authority.issuer, sub: subject, act: { sub: "portcullis" }, client_id: "portcullis",
        aud: `urn:${server}`, scope: `${server}:read`,
      }, name);
      cells += 1;
      for (const [tries, thief] of thieves[way]) {
        const stolen = await call(url, shown(token, await thief()));
        assert.equal(stolen.status, 401, `${name}, stolen, ${tries}: ${JSON.stringify(stolen)}`);
        refusals += 1;
      }
      const last = await telling(told);
      assert.deepEqual([last.taken, last.refused], [after.taken, after.refused], `${name}: nothing of a thief's is forwarded`);
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
console.log(`matrix: ${cells} cells hold (${columns.join(", ")}), ${refusals} thieves are refused${missing.length ? `; not tried: ${missing.join(", ")}` : ""}`);
