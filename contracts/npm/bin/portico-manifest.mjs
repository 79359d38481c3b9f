#!/usr/bin/env node
// Writes dist/remote.json: the authored remote.json with the built files' names, hashes and sizes filled in.
import { parseArgs } from "node:util";
import { ManifestError } from "./manifest/error.mjs";
import { writeManifest } from "./manifest/write.mjs";

const USAGE = `portico-manifest [--manifest remote.json] [--dist dist]

Reads the authored manifest and the files of the build, and writes <dist>/remote.json with
- the hashed file names that its logical names (index.js) or patterns (index.*.js) stand for,
- sha384 integrity of the entry, every further file and every style sheet,
- bundleSize: the gzip size of all script,
- version, from package.json where the authored manifest leaves it out.`;

const options = {
  manifest: { type: "string", default: "remote.json" },
  dist: { type: "string", default: "dist" },
  help: { type: "boolean", short: "h", default: false },
};

try {
  const { values } = parseArgs({ options });
  if (values.help) {
    console.log(USAGE);
  } else {
    const { path, manifest } = writeManifest(values.manifest, values.dist);
    const kilobytes = (manifest.frontend.bundleSize / 1000).toFixed(1);
    console.log(`${path}: ${manifest.name} ${manifest.version}, ${kilobytes} kB of script (gzip)`);
  }
} catch (error) {
  const expected = error instanceof ManifestError || error.code?.startsWith("ERR_PARSE_ARGS");
  console.error(expected ? `portico-manifest: ${error.message}` : error);
  process.exitCode = 1;
}
