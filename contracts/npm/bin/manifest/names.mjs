import { ManifestError } from "./error.mjs";

/** What bundlers put between a name and its extension: a dot or dash and six or more word characters. */
const HASH = "[.-][A-Za-z0-9_-]{6,}";

/**
 * The one built file that a name in the authored manifest stands for.
 *
 * `index.js` stands for `index.js` or `index.<hash>.js`; a `*` matches any characters but a slash.
 *
 * @param {string} name the authored name
 * @param {string[]} files paths in dist, with forward slashes
 * @param {string} field the manifest's field, for the error
 * @returns {string}
 * @throws {ManifestError} when none matches, or several do
 */
export function resolveName(name, files, field) {
  if (typeof name !== "string" || name === "") {
    throw new ManifestError(field, "expected the name of a built file, such as \"index.js\"");
  }
  const matches = matchName(name, files);
  if (matches.length === 0) {
    const present = files.length > 0 ? files.join(", ") : "nothing";
    throw new ManifestError(field, `no built file matches "${name}"; dist holds ${present}`);
  }
  if (matches.length > 1) {
    throw new ManifestError(field, `"${name}" matches ${matches.join(", ")}; empty dist before building`);
  }
  return matches[0];
}

/**
 * Every built file that a name or pattern stands for.
 *
 * @param {string} name
 * @param {string[]} files
 * @returns {string[]}
 */
export function matchName(name, files) {
  const clean = name.replace(/^\.\//, "");
  if (clean.includes("*")) {
    const pattern = new RegExp(`^${clean.split("*").map(escape).join("[^/]*")}$`);
    return files.filter((file) => pattern.test(file));
  }
  if (files.includes(clean)) return [clean];
  const dot = clean.lastIndexOf(".");
  const [stem, extension] = dot > 0 ? [clean.slice(0, dot), clean.slice(dot)] : [clean, ""];
  const pattern = new RegExp(`^${escape(stem)}${HASH}${escape(extension)}$`);
  return files.filter((file) => pattern.test(file));
}

function escape(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
