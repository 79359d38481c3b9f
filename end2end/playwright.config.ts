import { defineConfig, devices } from "@playwright/test";
import { browserPath } from "./support/browser.ts";
import { PORTAL_URL } from "./portal/addresses.ts";

/** The suite runs against the release build; `scripts/build` makes it, and portal/start.ts starts it once for the run. */
export default defineConfig({
  testDir: "tests",
  outputDir: "test-results/artifacts",
  globalSetup: "./portal/global-setup.ts",
  fullyParallel: true,
  // A test that passes only sometimes is broken: nothing is tried twice.
  retries: 0,
  workers: 2,
  forbidOnly: process.env["CI"] !== undefined,
  timeout: 45_000,
  // Two workers, the portal and its services share two cores; what people wait for is measured elsewhere.
  expect: { timeout: 10_000 },
  reporter: [["list"]],
  use: {
    ...devices["Desktop Chrome"],
    baseURL: PORTAL_URL,
    viewport: { width: 1440, height: 900 },
    launchOptions: { executablePath: browserPath() },
    trace: "retain-on-failure",
  },
  projects: [
    { name: "portal", testIgnore: "screenshots.spec.ts" },
    { name: "screenshots", testMatch: "screenshots.spec.ts" },
  ],
});
