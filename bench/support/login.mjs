// Signs in as a demo account the way a browser does: redirect by redirect, with a cookie jar.

/** Returns the `Cookie` header of a fresh session. */
export async function login(origin, account) {
  const jar = new Map();
  let url = new URL(`/auth/login?login_hint=${account}`, origin);
  for (let hops = 0; hops < 10; hops += 1) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, { redirect: "manual", headers: cookie ? { cookie } : {} });
    response.headers.getSetCookie().forEach((line) => remember(jar, line));
    await response.arrayBuffer();
    const location = response.headers.get("location");
    if (location === null) {
      if (response.ok && jar.has("__Host-portico")) return `__Host-portico=${jar.get("__Host-portico")}`;
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
