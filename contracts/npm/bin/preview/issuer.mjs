import { createSign, generateKeyPairSync } from "node:crypto";

/** Seconds a token of the preview is good for. */
const LIFETIME = 300;

/** An issuer of its own key, for one demo person; enough for a service that checks tokens as it should. */
export class Issuer {
  #keys = generateKeyPairSync("ec", { namedCurve: "P-256" });

  /** @param {string} url */
  constructor(url) {
    this.url = url;
  }

  /** OpenID Connect Discovery 1.0, section 3, as far as a service needs it. */
  metadata() {
    return { issuer: this.url, jwks_uri: `${this.url}/preview/jwks` };
  }

  jwks() {
    return { keys: [{ ...this.#keys.publicKey.export({ format: "jwk" }), kid: "preview", alg: "ES256", use: "sig" }] };
  }

  /**
   * An access token (RFC 9068) for the remote's service.
   *
   * @param {{ audience: string, scopes?: string[] }} backend
   * @param {string} orgId
   */
  token({ audience, scopes = [] }, orgId) {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: this.url, aud: audience, sub: "preview", org_id: orgId, scope: scopes.join(" "), iat: now, exp: now + LIFETIME };
    const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const text = `${encode({ alg: "ES256", typ: "at+jwt", kid: "preview" })}.${encode(claims)}`;
    const signature = createSign("sha256").update(text).sign({ key: this.#keys.privateKey, dsaEncoding: "ieee-p1363" });
    return { accessToken: `${text}.${signature.toString("base64url")}`, expiresAt: new Date((now + LIFETIME) * 1000).toISOString() };
  }
}
