// The ways to a token: code with PKCE, refresh, client credentials, and a client that is
// known by its URL (CIMD). Each gives the response of the token endpoint.
import { createHash, randomBytes } from "node:crypto";
import * as jose from "jose";

const redirect_uri = "http://127.0.0.1:9/callback";
const random = () => randomBytes(36).toString("base64url");

// A browser: follows redirects, keeps cookies, fills in the two pages of the server.
async function consent(start, login) {
  const cookies = new Map();
  const visit = async (url, form) => {
    const response = await fetch(url, {
      redirect: "manual", method: form ? "POST" : "GET", body: form && new URLSearchParams(form),
      headers: { cookie: [...cookies].map((pair) => pair.join("=")).join("; ") },
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie);
      cookies.set(name, value);
    }
    return response;
  };
  let [url, response] = [start, await visit(start)];
  for (let step = 0; step < 12; step += 1) {
    const location = response.headers.get("location");
    if (location) {
      url = new URL(location, url).href;
      if (url.startsWith(redirect_uri)) return new URL(url).searchParams;
      response = await visit(url);
    } else {
      const page = await response.text();
      const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
      if (!prompt) throw new Error(`${response.status} ${page.slice(0, 400)}`);
      url = new URL(/action="([^"]+)"/.exec(page)[1].replaceAll("&amp;", "&"), url).href;
      response = await visit(url, { prompt, login, password: "x" });
    }
  }
  throw new Error("the server asks for ever more");
}

export class Grants {
  constructor({ issuer, machine, webClient, boundWebClient }) {
    Object.assign(this, { issuer, machine, webClient, boundWebClient });
  }

  // `proof` and `certificate` are what the caller binds the token to, if to anything. No TLS is
  // before the authority here; it takes the certificate as from a proxy that ends it.
  async token(form, { proof, certificate }) {
    const headers = {
      ...(proof && { dpop: await proof("POST", `${this.issuer}/token`) }),
      ...(certificate && { "x-client-certificate": encodeURIComponent(certificate.cert) }),
    };
    const response = await fetch(`${this.issuer}/token`, { method: "POST", headers, body: new URLSearchParams(form) });
    const answer = await response.json();
    if (!answer.access_token) throw new Error(`${form.grant_type}: ${JSON.stringify(answer)}`);
    return answer;
  }

  async code(resource, how = {}, client_id = how.certificate ? "bound-agent" : "agent") {
    const [verifier, state] = [random(), random()];
    const query = new URLSearchParams({
      response_type: "code", client_id, redirect_uri, resource, state, prompt: "consent",
      scope: "records:read offline_access", code_challenge_method: "S256",
      code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    });
    const back = await consent(`${this.issuer}/auth?${query}`, "alice");
    if (back.get("state") !== state || back.get("iss") !== this.issuer) throw new Error(`${back}`);
    const form = { grant_type: "authorization_code", code: back.get("code"), redirect_uri, client_id, code_verifier: verifier, resource };
    return this.token(form, how);
  }

  web(resource, how) {
    return this.code(resource, how, how.certificate ? this.boundWebClient : this.webClient);
  }

  async refresh(resource, how) {
    const client_id = how.certificate ? "bound-agent" : "agent";
    const { refresh_token } = await this.code(resource, how, client_id);
    return this.token({ grant_type: "refresh_token", refresh_token, client_id, resource }, how);
  }

  async machineToken(resource, how) {
    const client_id = how.certificate ? "bound-machine" : "machine";
    const key = await jose.importJWK(this.machine, "ES256");
    const client_assertion = await new jose.SignJWT({})
      .setProtectedHeader({ alg: "ES256", kid: this.machine.kid }).setIssuer(client_id).setSubject(client_id)
      .setAudience(this.issuer).setJti(random()).setIssuedAt().setExpirationTime("30s").sign(key);
    return this.token({
      grant_type: "client_credentials", scope: "records:read", resource, client_id, client_assertion,
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }, how);
  }
}

// A key of the caller's own, and its proofs (RFC 9449 §4.2).
export async function prover() {
  const { publicKey, privateKey } = await jose.generateKeyPair("ES256");
  const jwk = await jose.exportJWK(publicKey);
  return async (htm, htu, token, nonce) => {
    const ath = token && createHash("sha256").update(token).digest("base64url");
    return new jose.SignJWT({ htm, htu, jti: random(), ...(ath && { ath }), ...(nonce && { nonce }) })
      .setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk }).setIssuedAt().sign(privateKey);
  };
}
