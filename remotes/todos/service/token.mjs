// Who is calling: checks the access token that the portal exchanged for this service's audience.
// Shared by copy between the example services (remotes/scripts/sync.mjs keeps them in step).
import { createRemoteJWKSet, decodeJwt, errors, jwtVerify } from "jose";
import { Problem } from "./http.mjs";

/** Asymmetric only: a symmetric algorithm would let a public key sign (RFC 8725, section 2.1). */
const ALGORITHMS = ["ES256", "ES384", "RS256", "PS256", "EdDSA"];

/**
 * Whose tokens a service accepts: every issuer in `PORTICO_ISSUERS`, separated by commas, or else the one in `PORTICO_ISSUER`.
 *
 * @param {Record<string, string | undefined>} environment
 * @returns {string[]}
 */
export function issuersOf({ PORTICO_ISSUERS, PORTICO_ISSUER }) {
  const issuers = (PORTICO_ISSUERS ?? PORTICO_ISSUER ?? "http://127.0.0.1:3000/dev/idp").split(",");
  return issuers.map((issuer) => issuer.trim()).filter(Boolean);
}

/**
 * A function from an `Authorization` header to the caller.
 *
 * An issuer's keys are found by discovery on first use, so the service may start before its issuers, and one that is away
 * hurts nobody who signed in at another.
 *
 * @param {{ issuers: string[], audience: string }} expected
 * @returns {(authorization?: string) => Promise<Caller>} throws `Problem`: 401 for a bad token, 503 without its issuer
 */
export function tokenVerifier({ issuers, audience }) {
  const known = new Map();
  return async (authorization) => {
    const token = /^Bearer ([\w.~+/-]+=*)$/i.exec(authorization ?? "")?.[1];
    if (token === undefined) throw unauthorized("A bearer token is needed.");
    try {
      // Not believed yet: it only says by whose keys the token has to verify.
      const named = issuers.find((issuer) => same(issuer, decodeJwt(token).iss));
      if (named === undefined) throw unauthorized("The token is of an issuer that is not accepted here.");
      if (!known.has(named)) known.set(named, await discover(named));
      const { issuer, keys } = known.get(named);
      const { payload } = await jwtVerify(token, keys, {
        issuer, audience, algorithms: ALGORITHMS, clockTolerance: 5, requiredClaims: ["sub", "exp", "org_id"],
      });
      return caller(payload);
    } catch (error) {
      throw refusal(error);
    }
  };
}

/** Some issuers have a slash at the end of their name, and configuration may have it or not. */
function same(left, right) {
  return typeof right === "string" && left.replace(/\/$/, "") === right.replace(/\/$/, "");
}

/**
 * @typedef {{ sub: string, orgId: string, scopes: Set<string> }} Caller
 * @param {Caller} caller
 * @param {string} scope
 * @throws {Problem} 403 (RFC 6750, section 3.1)
 */
export function requireScope(caller, scope) {
  if (caller.scopes.has(scope)) return;
  const challenge = { "www-authenticate": `Bearer error="insufficient_scope", scope="${scope}"` };
  throw new Problem(403, "Insufficient scope", `The token lacks the scope ${scope}.`, challenge);
}

function caller(payload) {
  // A token for several services could be replayed from one to another.
  if (Array.isArray(payload.aud) && payload.aud.length !== 1) throw unauthorized("The token has several audiences.");
  if (typeof payload.org_id !== "string" || payload.org_id === "") throw unauthorized("The token names no organization.");
  const scope = typeof payload.scope === "string" ? payload.scope : "";
  return { sub: payload.sub, orgId: payload.org_id, scopes: new Set(scope.split(" ").filter(Boolean)) };
}

async function discover(issuer) {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    const metadata = await response.json();
    if (!same(issuer, metadata.issuer)) throw new Error(`it calls itself ${metadata.issuer}`);
    return { issuer: metadata.issuer, keys: createRemoteJWKSet(new URL(metadata.jwks_uri), { timeoutDuration: 5_000 }) };
  } catch (error) {
    console.error(`issuer ${issuer} cannot be used: ${error.message}`);
    throw unavailable();
  }
}

function refusal(error) {
  if (error instanceof Problem) return error;
  if (error instanceof errors.JWKSTimeout || error.code === "ERR_JOSE_GENERIC" || error instanceof TypeError) {
    return unavailable();
  }
  if (error instanceof errors.JOSEError) return unauthorized("The token is not valid for this service.");
  return error;
}

function unauthorized(detail) {
  return new Problem(401, "Unauthorized", detail, { "www-authenticate": 'Bearer error="invalid_token"' });
}

function unavailable() {
  return new Problem(503, "Issuer unavailable", "Tokens cannot be checked right now. Try again.", { "retry-after": "1" });
}
