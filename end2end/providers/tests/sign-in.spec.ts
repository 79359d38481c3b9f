import { SESSION_ENDED } from "../../support/pages.ts";
import { accountMenu } from "../../support/shell.ts";
import { frontDoor, signIn } from "../journey.ts";
import { expect, test } from "../test.ts";

test("whoever signs in there comes home, and a remote's call carries a token that was exchanged there", async ({ page, provider }) => {
  await signIn(page, provider, "alice", "/");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Welcome, Alice");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Todos", exact: true }).click();
  // The service verified issuer, signature, audience, organization and scope before it answered.
  await expect(page.getByText("Review the Q4 supplier contracts")).toBeVisible();
  const session = await page.evaluate(async () => (await fetch("/api/platform/session")).json());
  expect(session).toMatchObject({ name: "Alice Archer", email: "alice@acme.example", orgId: "acme" });
  expect(session.entitlements).toContain("org.admin");
});

test("signing out of the portal signs out there too", async ({ page, provider }) => {
  await signIn(page, provider, "bob", "/todos");
  await accountMenu(page).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await provider.confirmSignOut(page);
  await frontDoor(page);
  await expect(page).toHaveURL("/");
  await page.getByRole("link", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("textbox", { name: "Password" })).toBeVisible();
});

test("case_12_sessions that are ended there are over here: open tabs say so, pages ask to sign in", async ({ page, provider, complaints }) => {
  complaints.allow(SESSION_ENDED);
  await signIn(page, provider, "bob", "/echo");
  await expect(page.getByRole("img", { name: "Live updates are on" })).toBeVisible();
  await provider.endSessions(page, "bob");
  await expect(page.getByRole("paragraph").filter({ hasText: "You were signed out in another place." })).toBeVisible();
  await page.goto("/");
  await frontDoor(page);
});
