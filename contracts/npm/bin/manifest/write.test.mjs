import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { writeManifest } from "./write.mjs";

const folder = mkdtempSync(join(tmpdir(), "portico-manifest-"));
const dist = join(folder, "dist");
const authored = join(folder, "remote.json");
const signature = join(dist, "remote.development-0a1b2c3d4e5f.sig.json");
after(() => rmSync(folder, { recursive: true }));

function edit(source) {
  mkdirSync(dist, { recursive: true });
  writeFileSync(join(dist, "index.js"), source);
  writeFileSync(authored, JSON.stringify({ name: "@acme/hello", version: "1.0.0", frontend: { entry: "index.js" } }));
}

test("a signature goes with the manifest that it was made for", () => {
  edit("export const mount = () => {};");
  writeManifest(authored, dist);
  writeFileSync(signature, "{}");
  const before = readFileSync(join(dist, "remote.json"), "utf8");

  writeManifest(authored, dist);
  assert.ok(existsSync(signature), "nothing changed, so it still fits");

  edit("export const mount = () => () => {};");
  writeManifest(authored, dist);
  assert.notEqual(readFileSync(join(dist, "remote.json"), "utf8"), before);
  assert.ok(!existsSync(signature), "it would fit no more");
});
