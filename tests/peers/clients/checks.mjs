// What every client must see, whatever SDK it is built on.
import assert from "node:assert/strict";

export const PLAIN_DENIAL = "Access denied: PII access requires pii:read scope.";

/** `connect(token)` gives {list, call, close}; errors of `call` carry the message. */
export async function check(name, connect, narrow, wide) {
  const teller = await connect(narrow);
  const tools = (await teller.list()).tools.map((tool) => tool.name);
  assert.deepEqual(tools, ["listAccounts", "getAccount", "listTransactions"]);
  said(name, "lists the three tools this token may call");

  const accounts = await teller.call("listAccounts", { limit: 3 });
  assert.equal(accounts.structuredContent.accounts.length, 3);
  said(name, "calls an allowed tool; its result satisfies the listed schema");

  await assert.rejects(teller.call("getCustomerPII", { customerId: "c-203" }), (error) => {
    // Version 2 reads the challenge itself and says the same in its own words.
    const words = String(error.message);
    return words.includes(PLAIN_DENIAL) || words.includes('Insufficient scope: required "pii:read"');
  });
  said(name, "is refused the tool it lacks the scope for");
  await teller.close();

  const reviewer = await connect(wide);
  await reviewer.list();
  const customer = await reviewer.call("getCustomerPII", { customerId: "c-203" });
  redacted(customer.structuredContent);
  redacted(JSON.parse(customer.content[0].text));
  said(name, "gets the redacted result, structure and text alike; its schema validation is content");
  await reviewer.close();
}

function redacted(customer) {
  assert.equal(customer.ssn, "[US_SSN_1]");
  assert.equal(customer.email, "[EMAIL_1]");
  assert.equal(customer.riskScore, 0);
  for (const card of customer.cards) assert.match(card.number, /^\*{4}\d{4}$/);
}

export function said(name, what) {
  console.log(`ok   ${name}: ${what}`);
}
