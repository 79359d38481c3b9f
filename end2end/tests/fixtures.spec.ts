import type { Page } from "@playwright/test";
import { BROKEN_CARD, statusComplaint } from "../support/pages.ts";
import { ALICE, BOB } from "../support/people.ts";
import { mounted, navigation, outlet, signIn } from "../support/shell.ts";
import { expect, test } from "../support/test.ts";

/** Shell and neighbours: another remote opens in the same document, and works. */
async function elsewhereAllIsWell(page: Page): Promise<void> {
  await page.evaluate(() => Object.assign(window, { sameDocument: true }));
  await navigation(page).getByRole("link", { name: "Echo", exact: true }).click();
  await mounted(outlet(page, "Echo"));
  const mark = crypto.randomUUID();
  await page.getByLabel("JSON to send").fill(`"${mark}"`);
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.getByRole("list", { name: "Replies" })).toContainText(mark);
  expect(await page.evaluate(() => "sameDocument" in window), "the document was not loaded anew").toBe(true);
}

/** The failure that a person sees in the remote's place. */
async function failure(page: Page, title: string, words: string): Promise<void> {
  const place = outlet(page, title);
  await expect(place).toHaveAttribute("data-phase", "failed", { timeout: 15_000 });
  await expect(place.getByText(`${title} is not available right now`)).toBeVisible();
  await expect(place.getByText(words)).toBeVisible();
  await expect(place.getByText("Everything else keeps working.")).toBeVisible();
}

test("a remote that never loads is given up after ten seconds, and can be tried again", async ({ page }) => {
  await signIn(page, BOB, "/fixtures/never-loads");
  await expect(page.getByText("Never loads is taking longer than usual.")).toBeVisible();
  await failure(page, "Never loads", "It did not answer in time.");
  await outlet(page, "Never loads").getByRole("button", { name: "Try again" }).click();
  await expect(outlet(page, "Never loads")).toHaveAttribute("data-phase", "loading");
  await elsewhereAllIsWell(page);
});

test("a remote whose mount never resolves is given up after ten seconds", async ({ page }) => {
  await signIn(page, BOB, "/fixtures/never-resolves");
  await failure(page, "Never resolves", "It did not answer in time.");
  await elsewhereAllIsWell(page);
});

test("a remote that throws in mount shows what happened, and can be tried again in place", async ({ page, complaints }) => {
  complaints.allow(BROKEN_CARD);
  await signIn(page, BOB, "/fixtures/throws-in-mount");
  const place = outlet(page, "Throws in mount");
  await failure(page, "Throws in mount", "It ran into an error while starting.");
  await place.getByText("Details").click();
  await expect(place.getByText("This fixture throws in mount.")).toBeVisible();
  await expect(place.getByText("@portico/throws-in-mount 1.0.0")).toBeVisible();
  await place.getByRole("button", { name: "Try again" }).click();
  await failure(page, "Throws in mount", "It ran into an error while starting.");
  await elsewhereAllIsWell(page);
});

test("a remote that failed three times in a row is skipped for a moment, and tried when a person asks for it", async ({ page, complaints }) => {
  complaints.allow(BROKEN_CARD);
  await signIn(page, BOB, "/fixtures/throws-in-mount");
  const leaveAndReturn = async () => {
    await navigation(page).getByRole("link", { name: "Echo", exact: true }).click();
    await mounted(outlet(page, "Echo"));
    await navigation(page).getByRole("link", { name: "Throws in mount", exact: true }).click();
  };
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    await failure(page, "Throws in mount", "It ran into an error while starting.");
    await leaveAndReturn();
  }
  await failure(page, "Throws in mount", "It failed several times in a row and is skipped for a moment.");
  await outlet(page, "Throws in mount").getByRole("button", { name: "Try again" }).click();
  await failure(page, "Throws in mount", "It ran into an error while starting.");
});

test("a card that throws leaves its neighbours on the home page alone", async ({ page, complaints }) => {
  complaints.allow(BROKEN_CARD);
  await signIn(page, BOB);
  await failure(page, "Throws in mount", "It ran into an error while starting.");
  for (const card of ["Due next", "Ask Portico", "This week"]) await mounted(outlet(page, card));
});

test("a remote that throws in unmount does not keep the next page from coming up, and is reported", async ({ page, complaints }) => {
  complaints.allow(/This fixture throws in unmount/);
  await signIn(page, BOB, "/fixtures/throws-in-unmount");
  await mounted(outlet(page, "Throws in unmount"));
  const report = page.waitForRequest((request) => request.url().endsWith("/api/platform/rum") && (request.postData() ?? "").includes('"error"'));
  await elsewhereAllIsWell(page);
  const measurements = (await report).postDataJSON() as { kind: string }[];
  expect(measurements).toContainEqual(expect.objectContaining({
    kind: "error", remote: "@portico/throws-in-unmount", phase: "unmount", message: expect.stringContaining("This fixture throws in unmount."),
  }));
});

test("case_57_ a file with another hash than its manifest promises is refused by the browser", async ({ page, complaints }) => {
  complaints.allow(/integrity/i);
  await signIn(page, BOB, "/fixtures/wrong-hash");
  await failure(page, "Wrong hash", "Its files could not be loaded, or did not match what its team signed.");
  expect(complaints.matching(/integrity/i)).not.toEqual([]);
  expect(await page.locator("body").innerText()).not.toContain("A remote with a wrong hash ran.");
  await elsewhereAllIsWell(page);
});

for (const { number, title, path, id, field } of [
  { number: "54", title: "Bad signature", path: "/fixtures/bad-signature", id: "portico.bad-signature", field: /signature/i },
  { number: "35", title: "Over grant", path: "/fixtures/over-grant", id: "portico.over-grant", field: /backend.(url|audience)/ },
]) {
  test(`case_${number}_ the remote "${title}" is never listed, and an administrator learns why`, async ({ page, complaints }) => {
    complaints.allow(BROKEN_CARD, statusComplaint(404));
    await signIn(page, ALICE);
    await expect(page.getByRole("link", { name: title, exact: true })).toHaveCount(0);
    const applications = await page.evaluate(() => fetch("/api/platform/applications").then((response) => response.json()));
    expect(JSON.stringify(applications)).not.toContain(id);
    const problems = page.getByRole("region", { name: "Remotes that were left out" });
    await expect(problems.getByRole("listitem").filter({ hasText: id.replace("portico.", "") }).filter({ hasText: field })).not.toHaveCount(0);
    expect((await page.goto(path))?.status()).toBe(404);
    expect((await page.goto(`/remotes/${id}/1.0.0/remote.json`))?.status()).toBe(404);
  });
}

test("an entry that could not be fetched is fetched again in place, without a reload", async ({ page, complaints }) => {
  complaints.allow(/Failed to load resource: net::ERR_FAILED/);
  await page.route("**/remotes/portico.echo/**/*.js*", (route) => route.abort());
  await signIn(page, BOB, "/echo");
  await failure(page, "Echo", "Its files could not be loaded, or did not match what its team signed.");
  await page.unroute("**/remotes/portico.echo/**/*.js*");
  await page.evaluate(() => Object.assign(window, { sameDocument: true }));
  await outlet(page, "Echo").getByRole("button", { name: "Try again" }).click();
  await mounted(outlet(page, "Echo"));
  await expect(page.getByLabel("JSON to send")).toBeVisible();
  expect(await page.evaluate(() => "sameDocument" in window)).toBe(true);
});
