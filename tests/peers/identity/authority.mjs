// A certified authorization server (oidc-provider) with a token-exchange grant (RFC 8693):
//   node authority.mjs <port> <gate url> <gate's public key as JWK>
// Says on one line of JSON where it is, and what its machine client signs with. People sign
// in by name; keys are made at start.
import { randomBytes } from "node:crypto";
import * as jose from "jose";
import { Provider, errors } from "oidc-provider";

const [port, gate, gateKey] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const exchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange";
const accessTokenType = "urn:ietf:params:oauth:token-type:access_token";
const life = 5;
const people = new Set(["alice", "bob"]);
const callers = ["records:read", "offline_access"];

// The gate's own resources, by the form of their tokens; and the servers behind it.
const upstream = { [`${gate}/records/mcp`]: "jwt", [`${gate}/vault/mcp`]: "opaque", [`${gate}/ward/mcp`]: "jwt" };
const methods = ["read", "initialize", "notifications/initialized", "server/discover", "tools/list", "ping"];
const operations = (server) => methods.map((method) => `${server}:${method}`);
const downstream = Object.fromEntries(["records", "vault", "ward"].map((server) => [`urn:${server}`, operations(server)]));

const made = async () => {
  const { privateKey } = await jose.generateKeyPair("ES256", { extractable: true });
  const jwk = await jose.exportJWK(privateKey);
  return { ...jwk, alg: "ES256", use: "sig", kid: await jose.calculateJwkThumbprint(jwk) };
};
const [signing, machine] = [await made(), await made()];
const shown = ({ kty, crv, x, y, kid, alg, use }) => ({ kty, crv, x, y, kid, alg, use });
const keys = jose.createLocalJWKSet({ keys: [shown(signing)] });

// Of each client there is one more whose tokens are bound to its certificate (RFC 8705 §3).
const bound = { tls_client_certificate_bound_access_tokens: true };
// What clients of the web say of themselves. No network is needed to look it up.
const [webClient, boundWebClient] = ["https://agent.example/client.json", "https://agent.example/bound.json"];
const native = {
  client_name: "An agent", application_type: "native", redirect_uris: ["http://127.0.0.1:9/callback"],
  grant_types: ["authorization_code", "refresh_token"], response_types: ["code"], token_endpoint_auth_method: "none",
};
const documents = { [webClient]: native, [boundWebClient]: { ...native, ...bound } };
const fetchDocument = async (url) => {
  if (!documents[url]) throw new Error("nothing is fetched here");
  const document = JSON.stringify({ client_id: String(url), ...documents[url] });
  return new Response(document, { headers: { "content-type": "application/json" } });
};

const signedClient = (client_id, grant_types, key) => ({
  client_id, grant_types, redirect_uris: [], response_types: [], token_endpoint_auth_method: "private_key_jwt",
  token_endpoint_auth_signing_alg: "ES256", jwks: { keys: [key] },
});

const provider = new Provider(issuer, {
  clients: [
    { ...native, client_id: "agent" },
    { ...native, ...bound, client_id: "bound-agent" },
    signedClient("machine", ["client_credentials"], shown(machine)),
    { ...signedClient("bound-machine", ["client_credentials"], shown(machine)), ...bound },
    signedClient("portcullis", [exchangeGrant, "client_credentials"], JSON.parse(gateKey)),
  ],
  jwks: { keys: [signing] },
  cookies: { keys: [randomBytes(16).toString("hex")] },
  scopes: ["openid", "offline_access"],
  responseTypes: ["code"],
  clientAuthMethods: ["none", "private_key_jwt"],
  enabledJWA: { clientAuthSigningAlgValues: ["ES256"], dPoPSigningAlgValues: ["ES256"], idTokenSigningAlgValues: ["ES256"] },
  clientDefaults: { id_token_signed_response_alg: "ES256" },
  pkce: { required: () => true },
  fetch: fetchDocument,
  findAccount: (_context, id) => (people.has(id) ? { accountId: id, claims: () => ({ sub: id }) } : undefined),
  issueRefreshToken: (_context, client, source) =>
    client.grantTypeAllowed("refresh_token") && source.scopes.has("offline_access"),
  extraTokenClaims: (_context, token) => (token.extra ?? (upstream[token.aud] && { may_act: { sub: "portcullis" } })),
  ttl: {
    AccessToken: (_context, token) => token.resourceServer?.accessTokenTTL ?? 300,
    ClientCredentials: (_context, token) => token.resourceServer?.accessTokenTTL ?? 300,
    AuthorizationCode: 60, Grant: 3600, IdToken: 300, Interaction: 300, RefreshToken: 3600, Session: 3600,
  },
  features: {
    devInteractions: { enabled: true },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: (_context, client) => client.clientId === "portcullis" },
    revocation: { enabled: true },
    // The gate has to show a nonce, callers do not.
    dPoP: {
      enabled: true, nonceSecret: randomBytes(32),
      requireNonce: (context) => context.oidc.client?.clientId === "portcullis",
    },
    // As from a proxy that ends TLS.
    mTLS: {
      enabled: true, certificateBoundAccessTokens: true,
      getCertificate: (context) => decodeURIComponent(context.get("x-client-certificate")) || undefined,
    },
    clientIdMetadataDocument: { enabled: true, ack: "draft-02" },
    userinfo: { enabled: false },
    resourceIndicators: {
      enabled: true,
      useGrantedResource: () => true,
      getResourceServerInfo: (_context, resource) => {
        const common = { audience: resource, accessTokenFormat: "jwt", jwt: { sign: { alg: "ES256" } } };
        if (upstream[resource]) {
          const format = upstream[resource];
          return { ...common, scope: callers.join(" "), accessTokenTTL: 300, accessTokenFormat: format };
        }
        if (downstream[resource]) return { ...common, scope: downstream[resource].join(" "), accessTokenTTL: life };
        throw new errors.InvalidTarget();
      },
    },
  },
});

// The subject token, if it is one of ours that was made for the gate.
async function subjectOf(token) {
  if (token.split(".").length === 3) {
    const options = { issuer, audience: Object.keys(upstream), typ: "at+jwt", algorithms: ["ES256"] };
    return (await jose.jwtVerify(token, keys, options)).payload;
  }
  const found = (await provider.AccessToken.find(token)) ?? (await provider.ClientCredentials.find(token));
  if (!found?.isValid || !upstream[found.aud]) throw new Error("unknown token");
  return { sub: found.accountId ?? found.clientId, scope: found.scope, exp: found.exp, may_act: found.extra?.may_act };
}

// The key that a proof is of, if the proof is for this endpoint (RFC 9449 §4.3).
async function keyOf(proof) {
  const { payload, protectedHeader } = await jose.jwtVerify(proof, jose.EmbeddedJWK, {
    typ: "dpop+jwt", algorithms: ["ES256"], maxTokenAge: 10,
  }).catch(() => { throw new errors.InvalidDpopProof("it does not hold"); });
  if (payload.htm !== "POST" || payload.htu !== `${issuer}/token`) throw new errors.InvalidDpopProof("it is for something else");
  return jose.calculateJwkThumbprint(protectedHeader.jwk);
}

provider.registerGrantType(exchangeGrant, async (context) => {
  const { client, params } = context.oidc;
  if (params.subject_token_type !== accessTokenType) throw new errors.InvalidRequest("subject_token_type");
  const subject = await subjectOf(params.subject_token ?? "").catch(() => {
    throw new errors.InvalidRequest("the subject token cannot be exchanged");
  });
  if (subject.may_act && subject.may_act.sub !== client.clientId) throw new errors.InvalidRequest("may_act");
  const audience = params.audience ?? params.resource;
  const allowed = downstream[audience];
  if (!allowed) throw new errors.InvalidTarget();
  if (!allowed.includes(params.scope)) throw new errors.InvalidScope("one operation is asked for", params.scope);
  const expiresIn = Math.min(life, subject.exp - Math.floor(Date.now() / 1000));
  if (expiresIn < 1) throw new errors.InvalidRequest("the subject token is about to expire");
  const token = new provider.AccessToken({ accountId: subject.sub, client, gty: exchangeGrant, expiresIn });
  token.resourceServer = new provider.ResourceServer(audience, {
    audience, scope: allowed.join(" "), accessTokenTTL: expiresIn, accessTokenFormat: "jwt", jwt: { sign: { alg: "ES256" } },
  });
  token.scope = params.scope;
  token.extra = { act: { sub: client.clientId, ...(subject.act && { act: subject.act }) } };
  const proof = context.get("DPoP");
  if (proof) token.jkt = await keyOf(proof);
  context.oidc.entity("AccessToken", token);
  context.body = {
    access_token: await token.save(), issued_token_type: accessTokenType, token_type: token.tokenType,
    expires_in: expiresIn, scope: token.scope,
  };
}, ["subject_token", "subject_token_type", "requested_token_type", "audience", "resource", "scope", "authorization_details"]);

provider.on("grant.error", (context, error) =>
  console.error(context.oidc?.params?.grant_type, error.error, error.error_description, error.error_detail));
provider.on("server_error", (_context, error) => console.error(error.stack));
const server = provider.listen(Number(port), "127.0.0.1", () => console.log(JSON.stringify({ issuer, machine, webClient, boundWebClient })));
process.on("SIGTERM", () => server.close(() => process.exit(0)));
