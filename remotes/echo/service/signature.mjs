import { createHmac } from "node:crypto";

/**
 * Signs a record for the portal: `docs/events.md` of Portico specifies the bytes, and
 * `portico-signature.vectors.json` has examples.
 *
 * @typedef {{ topic: string, key: string, attributes: Record<string, string>, data: Buffer }} Message `data` is empty
 *   where there is none
 * @typedef {{ id: string, secret: Buffer }} SigningKey
 *
 * @param {Message} message
 * @param {SigningKey} key
 * @returns {string} the value of the header `portico-signature`
 */
export function signature(message, { id, secret }) {
  const mac = createHmac("sha256", secret).update(canonical(message)).digest("base64url");
  return `v1 ${id} ${mac}`;
}

/** The bytes that are signed: each field behind its length, attributes in the byte order of their names. */
export function canonical({ topic, key, attributes, data }) {
  const sorted = Object.entries(attributes).sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return Buffer.concat([
    field("portico-signature-v1"),
    field(topic),
    field(key),
    length(sorted.length),
    ...sorted.flatMap(([name, value]) => [field(name), field(value)]),
    field(data),
  ]);
}

/**
 * The key that `PORTICO_SIGNING_KEY` holds, as `id:base64`.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @returns {SigningKey}
 */
export function signingKeyOf({ PORTICO_SIGNING_KEY: text = "" }) {
  const at = text.indexOf(":");
  const secret = Buffer.from(text.slice(at + 1), "base64");
  if (at < 1 || secret.length < 32) {
    throw new Error("PORTICO_SIGNING_KEY must be a key's id, a colon, and at least 32 bytes in base64");
  }
  return { id: text.slice(0, at), secret };
}

function field(content) {
  const bytes = Buffer.from(content);
  return Buffer.concat([length(bytes.length), bytes]);
}

function length(number) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
}
