import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { ManifestError } from "./error.mjs";
import { matchName, resolveName } from "./names.mjs";

/** Signatures of the manifest: the team's, or one that a portal's development key made at first sight. */
export const SIGNATURE = /^remote(\.[^/]+)?\.sig\.json$/;
/** Files beside the manifest that a remote never loads in the browser. */
const NEVER_LOADED = [/^remote\.json$/, SIGNATURE, /\.map$/, /(^|\/)\./];
const SCRIPT = /\.m?js$/;

/**
 * The manifest to publish: the authored one with file names, hashes and sizes filled in.
 *
 * @param {object} authored the team's remote.json
 * @param {Map<string, Buffer>} built the files of dist by path, with forward slashes
 * @param {string} version the package's version, for a manifest that names none
 * @returns {object}
 * @throws {ManifestError} naming the field
 */
export function fillManifest(authored, built, version) {
  const frontend = authored?.frontend;
  if (frontend === null || typeof frontend !== "object") {
    throw new ManifestError("frontend", "expected an object with at least an entry");
  }
  const loadable = [...built.keys()].filter((file) => !NEVER_LOADED.some((pattern) => pattern.test(file))).sort();
  const entry = resolveName(frontend.entry, loadable, "frontend.entry");
  const styles = (frontend.styles ?? []).map((style, index) =>
    resolveName(style?.href ?? style, loadable, `frontend.styles[${index}]`));
  const others = loadable.filter((file) => file !== entry && !styles.includes(file) && file !== authored.openapi);
  // The portal reads the description, and the signature has to cover it like everything else.
  const described = built.has(authored.openapi) ? [authored.openapi] : [];
  const files = [...furtherFiles(frontend.files, others), ...described];
  checkMounts(frontend, built.get(entry), entry);

  const { name, version: authoredVersion, ...rest } = authored;
  return {
    name,
    version: authoredVersion ?? version,
    ...rest,
    frontend: {
      ...frontend,
      entry,
      format: frontend.format ?? "esm",
      integrity: integrity(built.get(entry)),
      files: Object.fromEntries(files.map((file) => [file, integrity(built.get(file))])),
      styles: styles.map((file) => ({ href: file, integrity: integrity(built.get(file)) })),
      bundleSize: bundleSize([entry, ...files], built),
    },
  };
}

/** Everything in dist unless the manifest lists names or patterns of its own. */
function furtherFiles(authored, others) {
  if (authored === undefined) return others;
  if (!Array.isArray(authored)) {
    throw new ManifestError("frontend.files", "expected a list of names or patterns; the hashes are filled in");
  }
  const files = authored.flatMap((name, index) => {
    const matches = matchName(name, others);
    if (matches.length === 0) resolveName(name, others, `frontend.files[${index}]`);
    return matches;
  });
  return [...new Set(files)].sort();
}

/** A misspelt export would show only in the browser, so look for the name in the entry now. */
function checkMounts(frontend, entry, file) {
  if ((frontend.format ?? "esm") !== "esm") return;
  const source = entry.toString("utf8");
  for (const list of ["routes", "cards"]) {
    for (const [index, place] of (frontend[list] ?? []).entries()) {
      const mount = place.mount ?? "mount";
      if (!source.includes(mount)) {
        throw new ManifestError(`frontend.${list}[${index}].mount`, `"${mount}" is not exported by ${file}`);
      }
    }
  }
}

/** Subresource Integrity, section 3.5: the digest of the file's bytes. */
function integrity(bytes) {
  return `sha384-${createHash("sha384").update(bytes).digest("base64")}`;
}

/** Bytes on the wire when every script is fetched: an upper bound of what one route needs. */
function bundleSize(files, built) {
  return files
    .filter((file) => SCRIPT.test(file))
    .reduce((sum, file) => sum + gzipSync(built.get(file), { level: 9 }).length, 0);
}
