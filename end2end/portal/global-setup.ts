import { PORTAL, SERVICE_PORTS } from "./addresses.ts";
import { listed } from "./listed.ts";
import { startPortal } from "./portal.ts";

const REMOTES = ["todos", "chat", "insights", "echo"];
const FIXTURES = ["never-loads", "wrong-hash", "throws-in-mount", "never-resolves", "throws-in-unmount"];

/** One portal with its example services and fixtures for the whole run; the function returned ends it. */
export default async function globalSetup(): Promise<() => Promise<void>> {
  const portal = await startPortal({ name: "portico", ...PORTAL, services: SERVICE_PORTS });
  try {
    await listed(portal.url, [...REMOTES, ...FIXTURES].map((name) => `portico.${name}`));
  } catch (error) {
    await portal.stop();
    throw error;
  }
  return () => portal.stop();
}
