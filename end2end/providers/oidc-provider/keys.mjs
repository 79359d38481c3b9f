import { generateKeyPairSync } from "node:crypto";

/**
 * A new key for ES256.
 *
 * @param {string} kid
 * @returns {{ pem: string, jwk: object, publicJwk: object }} the private key as PKCS #8 and as a JWK, and its public half
 */
export function keyPair(kid) {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const parameters = { kid, alg: "ES256", use: "sig" };
  return {
    pem: privateKey.export({ type: "pkcs8", format: "pem" }),
    jwk: { ...privateKey.export({ format: "jwk" }), ...parameters },
    publicJwk: { ...publicKey.export({ format: "jwk" }), ...parameters },
  };
}
