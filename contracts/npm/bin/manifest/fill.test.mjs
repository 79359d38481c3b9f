import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { fillManifest } from "./fill.mjs";

const entry = Buffer.from("export { mount as TodosPage };");
const chunk = Buffer.from("export const answer = 42;");
const style = Buffer.from("p { color: red }");
const built = new Map([
  ["index.3F2A91BC.js", entry],
  ["chunk.77AB00CD.js", chunk],
  ["index.9C000000.css", style],
  ["logo.svg", Buffer.from("<svg/>")],
  ["index.3F2A91BC.js.map", Buffer.from("{}")],
  ["remote.json", Buffer.from("{}")],
  ["remote.sig.json", Buffer.from("{}")],
  ["remote.development-0a1b2c3d4e5f.sig.json", Buffer.from("{}")],
]);
const sha384 = (bytes) => `sha384-${createHash("sha384").update(bytes).digest("base64")}`;
const authored = (frontend) => ({ name: "@acme/todos", frontend: { entry: "index.js", ...frontend } });

test("logical names become hashed names with their integrity", () => {
  const manifest = fillManifest(authored({ styles: ["index.css"] }), built, "1.2.0");
  assert.equal(manifest.version, "1.2.0");
  assert.equal(manifest.frontend.entry, "index.3F2A91BC.js");
  assert.equal(manifest.frontend.integrity, sha384(entry));
  assert.deepEqual(manifest.frontend.styles, [{ href: "index.9C000000.css", integrity: sha384(style) }]);
});

test("every further file is listed, source maps, the manifest itself and its signatures are not", () => {
  const { frontend } = fillManifest(authored({ styles: ["index.*.css"] }), built, "1.2.0");
  assert.deepEqual(Object.keys(frontend.files), ["chunk.77AB00CD.js", "logo.svg"]);
  assert.equal(frontend.files["chunk.77AB00CD.js"], sha384(chunk));
});

test("the bundle size is the gzip size of all script and of nothing else", () => {
  const { frontend } = fillManifest(authored(), built, "1.2.0");
  assert.equal(frontend.bundleSize, gzipSync(entry, { level: 9 }).length + gzipSync(chunk, { level: 9 }).length);
});

test("a listed pattern narrows the files", () => {
  const { frontend } = fillManifest(authored({ files: ["*.svg"] }), built, "1.2.0");
  assert.deepEqual(Object.keys(frontend.files), ["logo.svg"]);
});

test("the description of the service is hashed with the files, whatever they are narrowed to", () => {
  const description = Buffer.from("openapi: 3.1.0");
  const files = new Map([...built, ["openapi.yaml", description]]);
  const { frontend } = fillManifest({ ...authored({ files: ["*.svg"] }), openapi: "openapi.yaml" }, files, "1.2.0");
  assert.deepEqual(Object.keys(frontend.files), ["logo.svg", "openapi.yaml"]);
  assert.equal(frontend.files["openapi.yaml"], sha384(description));
});

test("a name that nothing matches is named with what is there", () => {
  assert.throws(() => fillManifest(authored({ entry: "main.js" }), built, "1.2.0"), /frontend\.entry: .*"main\.js".*logo\.svg/);
});

test("a name that several files match asks for an empty dist", () => {
  const twice = new Map([...built, ["index.00000000.js", entry]]);
  assert.throws(() => fillManifest(authored(), twice, "1.2.0"), /frontend\.entry: .*empty dist/);
});

test("a mount that the entry does not export is named", () => {
  const routes = [{ path: "/todos", title: "Todos", mount: "TodoPage" }];
  assert.throws(() => fillManifest(authored({ routes }), built, "1.2.0"), /frontend\.routes\[0\]\.mount/);
});

test("a manifest without a front end is refused in words", () => {
  assert.throws(() => fillManifest({ name: "@acme/todos" }, built, "1.2.0"), /frontend: expected/);
});
