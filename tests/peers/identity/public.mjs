// The public half of a key in PEM, as a JWK with its thumbprint for a name (RFC 7638).
import { createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { calculateJwkThumbprint } from "jose";

const jwk = createPublicKey(readFileSync(process.argv[2])).export({ format: "jwk" });
console.log(JSON.stringify({ ...jwk, kid: await calculateJwkThumbprint(jwk), alg: "ES256", use: "sig" }));
