import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { canonical, signature, signingKeyOf } from "./signature.mjs";

const { signed } = JSON.parse(readFileSync(new URL("../portico-signature.vectors.json", import.meta.url), "utf8"));

test("every published vector has its canonical bytes and its signature", () => {
  assert.ok(signed.length > 3);
  for (const { name, topic, recordKey, binary, canonicalBase64, keyId, key, ...vector } of signed) {
    const attributes = Object.fromEntries(Object.entries(binary.headers).map(([header, value]) =>
      [header === "content-type" ? "datacontenttype" : header.slice("ce_".length), value]));
    const message = { topic, key: recordKey, attributes, data: Buffer.from(binary.bodyBase64, "base64") };
    assert.equal(canonical(message).toString("base64"), canonicalBase64, name);
    assert.equal(signature(message, { id: keyId, secret: Buffer.from(key, "base64") }), vector.signature, name);
  }
});

test("a key comes from the environment, and one that is none is refused", () => {
  const secret = Buffer.alloc(32, 7);
  assert.deepEqual(signingKeyOf({ PORTICO_SIGNING_KEY: `chat-1:${secret.toString("base64")}` }), { id: "chat-1", secret });
  for (const text of [undefined, "", "chat-1", `:${secret.toString("base64")}`, "chat-1:AAAA"]) {
    assert.throws(() => signingKeyOf({ PORTICO_SIGNING_KEY: text }), /PORTICO_SIGNING_KEY/);
  }
});
