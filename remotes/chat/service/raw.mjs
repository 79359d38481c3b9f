// Finds a member's text in a JSON object without parsing it: parsing and printing again would round big numbers,
// reorder keys and drop duplicates.

/**
 * The text of a member's value, exactly as it stands; the last one where the name stands twice, as `JSON.parse` has it.
 *
 * @param {string} json a valid JSON object
 * @param {string} name
 * @returns {string | undefined} `undefined` when there is no such member
 */
export function rawMember(json, name) {
  let found;
  let at = skipSpace(json, 0) + 1;
  for (;;) {
    at = skipSpace(json, at);
    if (json[at] === "," ) at = skipSpace(json, at + 1);
    if (json[at] !== '"') return found;
    const keyEnd = skipString(json, at);
    const key = JSON.parse(json.slice(at, keyEnd));
    const start = skipSpace(json, skipSpace(json, keyEnd) + 1);
    const end = skipValue(json, start);
    if (key === name) found = json.slice(start, end);
    at = end;
  }
}

function skipSpace(json, at) {
  while (json[at] === " " || json[at] === "\n" || json[at] === "\r" || json[at] === "\t") at += 1;
  return at;
}

/** From an opening quote to behind the closing one. */
function skipString(json, at) {
  at += 1;
  while (json[at] !== '"' && at < json.length) at += json[at] === "\\" ? 2 : 1;
  return at + 1;
}

/** Counts brackets instead of recursing, so that depth costs no stack. */
function skipValue(json, at) {
  let depth = 0;
  while (at < json.length) {
    const character = json[at];
    if (character === '"') {
      at = skipString(json, at);
      if (depth === 0) return at;
      continue;
    }
    if (character === "{" || character === "[") depth += 1;
    const closes = character === "}" || character === "]";
    if (depth === 0 && (closes || character === "," || isSpace(character))) return at;
    at += 1;
    if (closes && (depth -= 1) === 0) return at;
  }
  return at;
}

function isSpace(character) {
  return character === " " || character === "\n" || character === "\r" || character === "\t";
}
