/** How long the registry may take until it has heard from the services that host manifests, in milliseconds. */
const LIMIT = 15_000;

/**
 * Waits until a portal lists all these remotes. Some manifests come from a service that starts beside the portal, and
 * are read again a moment later when it was not there yet.
 */
export async function listed(url: string, ids: string[]): Promise<void> {
  const cookie = await signIn(url, "bob");
  const deadline = Date.now() + LIMIT;
  for (;;) {
    const response = await fetch(`${url}/api/platform/applications`, { headers: { cookie } });
    const found = new Set(((await response.json()) as { id: string }[]).map(({ id }) => id));
    const missing = ids.filter((id) => !found.has(id));
    if (missing.length === 0) return;
    if (Date.now() > deadline) throw new Error(`The portal does not list ${missing.join(", ")}. Are the remotes built (scripts/remotes)?`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A login as a browser does it: redirects followed by hand, cookies kept. */
async function signIn(url: string, username: string): Promise<string> {
  const jar = new Map<string, string>();
  const cookie = () => [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
  let target: string | null = `/auth/login?login_hint=${username}&return_to=/api/platform/session`;
  while (target !== null) {
    const response: Response = await fetch(new URL(target, url), { redirect: "manual", headers: { cookie: cookie() } });
    for (const set of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      jar.set(name, value);
    }
    target = response.headers.get("location");
  }
  return cookie();
}
