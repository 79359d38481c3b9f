import { defineConfig, devices } from "@playwright/test";
import { KEYCLOAK, OIDC_PROVIDER } from "./providers/addresses.ts";
import { browserPath } from "./support/browser.ts";

/** The same portal at providers that others wrote: real ones, started once for the run by providers/global-setup.ts. */
export default defineConfig({
  testDir: "providers/tests",
  outputDir: "test-results/providers",
  globalSetup: "./providers/global-setup.ts",
  // People of one provider sign out of each other's sessions here: one test after the other.
  workers: 1,
  retries: 0,
  forbidOnly: process.env["CI"] !== undefined,
  timeout: 45_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  use: { ...devices["Desktop Chrome"], viewport: { width: 1440, height: 900 }, launchOptions: { executablePath: browserPath() }, trace: "retain-on-failure" },
  projects: [
    { name: "oidc-provider", use: { baseURL: OIDC_PROVIDER.url } },
    { name: "keycloak", use: { baseURL: KEYCLOAK.url } },
  ],
});
