// Signs in as a demo account the way a browser does: redirect by redirect, with a cookie jar.

/** Returns the `Cookie` header of a fresh session of the portal. */
export async function login(origin, account) {
  const cookie = await walk(`${origin}/auth/login?login_hint=${account}`);
  const session = /__Host-portico=[^;]+/.exec(cookie)?.[0];
  if (!session) throw new Error(`signing in ended without a session: ${cookie}`);
  return session;
}

/** Follows redirects from `start` to a page, and returns the `Cookie` header by which its origin knows the browser then. */
export async function walk(start) {
  const jars = new Map();
  let url = new URL(start);
  for (let hops = 0; hops < 10; hops += 1) {
    const jar = jars.get(url.origin) ?? new Map();
    jars.set(url.origin, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, { redirect: "manual", headers: cookie ? { cookie } : {} });
    response.headers.getSetCookie().forEach((line) => remember(jar, line));
    await response.arrayBuffer();
    const location = response.headers.get("location");
    if (location === null) {
      if (response.ok) return [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
      throw new Error(`signing in ended at ${url.pathname} with ${response.status}`);
    }
    url = new URL(location, url);
  }
  throw new Error("signing in did not end");
}

function remember(jar, line) {
  const [pair, ...attributes] = line.split(";");
  const [name, value] = [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
  const isRemoval = value === "" || attributes.some((attribute) => /^\s*max-age=0$/i.test(attribute));
  if (isRemoval) jar.delete(name);
  else jar.set(name, value);
}
