/**
 * Reads JSON and keeps every number as it was written, where the browser can (`JSON.rawJSON`): 12345678901234567890
 * would otherwise go out as 12345678901234567000.
 *
 * @param {string} text
 * @returns {unknown}
 * @throws {SyntaxError} in the words of the browser
 */
export function parseExactly(text) {
  if (typeof JSON.rawJSON !== "function") return JSON.parse(text);
  return JSON.parse(text, (_key, value, context) =>
    typeof value === "number" && context?.source !== undefined ? JSON.rawJSON(context.source) : value);
}

/** Printed for reading. */
export function pretty(value) {
  return value === undefined ? "(no data)" : JSON.stringify(value, null, 2);
}
