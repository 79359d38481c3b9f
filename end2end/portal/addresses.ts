/** Where the portals of a run listen. `PORTICO_TEST_PORT` moves them all: eight ports, one after the other. */
const FIRST = Number(process.env["PORTICO_TEST_PORT"] ?? 3300);

/** The portal that nearly every test uses. */
export const PORTAL = { port: FIRST, adminPort: FIRST + 1 };
/** A second one, whose provider is on another site: `localhost` against `127.0.0.1`. */
export const CROSS_SITE_PORTAL = { port: FIRST + 2, adminPort: FIRST + 3 };
/** A third one, whose organizations' members change. */
export const MEMBERS_PORTAL = { port: FIRST + 4, adminPort: FIRST + 5 };
/** A fourth one, whose services do not run. */
export const HEALTH_PORTAL = { port: FIRST + 6, adminPort: FIRST + 7 };

/** The main portal's origin. */
export const PORTAL_URL = origin(PORTAL.port);
/** Its admin listener. */
export const ADMIN_URL = origin(PORTAL.adminPort);

/** The ports of the example services, as their manifests name them. */
export const SERVICE_PORTS = [4010, 4011, 4012, 4013, 4014, 4019];

/** An origin on loopback. */
export function origin(port: number): string {
  return `http://127.0.0.1:${port}`;
}
