import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { ManifestError } from "./error.mjs";
import { fillManifest, SIGNATURE } from "./fill.mjs";

/**
 * Reads the authored manifest and the build, and writes `<dist>/remote.json`.
 *
 * @param {string} manifestPath the authored manifest
 * @param {string} dist the build's folder
 * @returns {{ path: string, manifest: object }}
 * @throws {ManifestError}
 */
export function writeManifest(manifestPath, dist) {
  const authored = readJson(manifestPath);
  const root = dirname(manifestPath);
  if (!existsSync(dist)) throw new ManifestError(dist, "not found; build the remote first");
  publishOpenApi(authored.openapi, root, dist);
  const manifest = fillManifest(authored, readFiles(dist), packageVersion(root));
  if (manifest.version === undefined) {
    throw new ManifestError("version", "expected in the manifest or in a package.json beside it");
  }
  const path = join(dist, "remote.json");
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  if (!existsSync(path) || readFileSync(path, "utf8") !== text) {
    removeSignatures(dist);
    writeFileSync(path, text);
  }
  return { path, manifest };
}

/** They are for the bytes of another manifest: a portal would refuse the new one for them instead of signing it. */
function removeSignatures(dist) {
  for (const file of readdirSync(dist).filter((name) => SIGNATURE.test(name))) rmSync(join(dist, file));
}

function readJson(path) {
  if (!existsSync(path)) throw new ManifestError(path, "not found");
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new ManifestError(path, `not JSON: ${error.message}`);
  }
}

/** Paths in a manifest are relative to it, so the description has to stand beside the published one. */
function publishOpenApi(openapi, root, dist) {
  if (openapi === undefined || existsSync(join(dist, openapi))) return;
  const source = join(root, openapi);
  if (!existsSync(source)) throw new ManifestError("openapi", `${source} not found`);
  copyFileSync(source, join(dist, openapi));
}

function packageVersion(root) {
  const path = join(root, "package.json");
  return existsSync(path) ? readJson(path).version : undefined;
}

/** @returns {Map<string, Buffer>} */
function readFiles(dist) {
  const files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((item) => item.isFile());
  const paths = files.map((item) => join(item.parentPath ?? item.path, item.name));
  return new Map(paths.map((path) => [relative(dist, path).split(sep).join("/"), readFileSync(path)]));
}
