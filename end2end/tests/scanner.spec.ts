import { expect, test } from "@playwright/test";
import { type IssuedToken, TokenScanner } from "../support/scanner.ts";

const HEADER = Buffer.from('{"alg":"RS256","kid":"one"}').toString("base64url");
const CLAIMS = Buffer.from('{"iss":"http://127.0.0.1/dev/idp","sub":"demo|alice"}').toString("base64url");
const SIGNATURE = "Zm9vYmFyYmF6cXV4X19xdXV4Y29yZ2VncmF1bHRnYXJwbHk-_x";
const ACCESS: IssuedToken = { kind: "access", value: `${HEADER}.${CLAIMS}.${SIGNATURE}` };
const REFRESH: IssuedToken = { kind: "refresh", value: "r3fr3sh-token_that-is-opaque-0123456789" };
const scanner = new TokenScanner([ACCESS, REFRESH]);

function found(text: string): string[] {
  return scanner.scan([{ place: "here", text }]).map(({ token }) => token.kind);
}

const HIDING_PLACES: Record<string, string> = {
  "as it is": ACCESS.value,
  "in the middle of a script": `const t="${ACCESS.value}";`,
  "in a query": `/x?hint=${encodeURIComponent(`a b ${ACCESS.value}`)}&y=1`,
  "fully percent-encoded": [...ACCESS.value].map((character) => `%${character.charCodeAt(0).toString(16)}`).join(""),
  "without its signature": `${HEADER}.${CLAIMS}`,
  "as a signature alone": `sig=${SIGNATURE};`,
  "in base64": Buffer.from(ACCESS.value).toString("base64"),
  "in base64 of something longer": Buffer.from(`{"a":"${ACCESS.value}"}`).toString("base64"),
  "in base64 at another offset": Buffer.from(`{"ab":"${ACCESS.value}"}`).toString("base64url"),
};

for (const [where, text] of Object.entries(HIDING_PLACES)) {
  test(`case_22_ the scanner finds a token ${where}`, () => {
    expect(found(text)).toEqual(["access"]);
  });
}

test("case_22_ the scanner finds an opaque token and says where", () => {
  const findings = scanner.scan([{ place: "nowhere", text: "nothing" }, { place: "localStorage", text: `x=${REFRESH.value}` }]);
  expect(findings).toEqual([{ token: REFRESH, place: "localStorage" }]);
});

test("case_22_ the scanner names each of two tokens in one place", () => {
  expect(found(`${REFRESH.value} ${ACCESS.value}`).sort()).toEqual(["access", "refresh"]);
});

test("case_22_ the scanner does not mistake other text for a token", () => {
  const almost = ACCESS.value.slice(0, HEADER.length + CLAIMS.length - 3);
  for (const text of ["", HEADER, almost, REFRESH.value.slice(0, -1), "%", "%zz%2", "x".repeat(100_000)]) expect(found(text), text.slice(0, 40)).toEqual([]);
});

test("case_22_ the scanner is quick enough for everything a session loads and every token of a run", () => {
  const tokens = Array.from({ length: 5_000 }, (_, index) => ({ kind: "access", value: `${HEADER}.${CLAIMS}${index}.${SIGNATURE}${index}` }));
  const many = new TokenScanner(tokens);
  const text = `${"0123456789abcdef".repeat(200_000)} ${tokens[4_999]?.value}`;
  const began = performance.now();
  expect(many.scan([{ place: "a large file", text }])).not.toEqual([]);
  expect(performance.now() - began).toBeLessThan(5_000);
});
