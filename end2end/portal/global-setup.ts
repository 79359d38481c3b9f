import { PORTAL, SERVICE_PORTS } from "./addresses.ts";
import { startPortal } from "./portal.ts";

/** One portal with its example services and fixtures for the whole run; the function returned ends it. */
export default async function globalSetup(): Promise<() => Promise<void>> {
  const portal = await startPortal({ name: "portico", ...PORTAL, services: SERVICE_PORTS });
  return () => portal.stop();
}
