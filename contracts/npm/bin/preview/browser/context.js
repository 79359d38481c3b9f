/**
 * A stand-in for the platform context, with the same shape and the same refusals.
 *
 * @param {object} manifest
 * @param {string} mount
 * @param {AbortSignal} signal
 * @returns {Promise<import("../../../index.d.ts").PlatformContext>}
 */
export async function previewContext(manifest, mount, signal) {
  const query = new URLSearchParams(location.search);
  const id = manifest.name.slice(1).replace("/", ".");
  const orgId = query.get("organization") ?? "acme";
  const scopes = manifest.backend?.scopes ?? [];
  const permissions = query.has("readonly") ? scopes.filter((scope) => !scope.endsWith(".write")) : scopes;
  const getAccessToken = () => freshToken(manifest, orgId);
  return Object.freeze({
    remote: { name: manifest.name, version: manifest.version, mount },
    shell: { version: "1.0.0", basePath: "/", locale: query.get("locale") ?? "en", theme: document.documentElement.dataset.theme },
    user: { sub: "preview", name: query.get("name") ?? "Alice Archer", email: "alice@acme.example" },
    orgId,
    permissions,
    apiBaseUrl: `/bff/${id}`,
    accessToken: manifest.backend?.tokenMode ? await getAccessToken() : undefined,
    getAccessToken,
    fetch: (path, init = {}) => {
      const headers = new Headers(init.headers);
      headers.set("x-portico-org", orgId);
      return fetch(`/bff/${id}/${path.replace(/^\/+/, "")}`, { signal, ...init, headers });
    },
    events: previewEvents(manifest.events ?? {}, signal),
    navigate: (path) => console.info(`navigate to ${path}`),
    onNavigate: () => () => {},
    flags: {},
    reportError: (error) => console.warn("reported", error),
    signal,
  });
}

async function freshToken(manifest, orgId) {
  if (!manifest.backend?.tokenMode) throw new Error("This remote is in proxy mode: it gets no token.");
  const response = await fetch(`/preview/token?organization=${encodeURIComponent(orgId)}`);
  return (await response.json()).accessToken;
}

function previewEvents(declared, signal) {
  let source;
  const allow = (list, type) => {
    if (!(list ?? []).some((event) => event.type === type)) throw new Error(`The manifest does not declare ${type}.`);
  };
  signal.addEventListener("abort", () => source?.close());
  return {
    async publish(type, data) {
      allow(declared.publish, type);
      const response = await fetch("/preview/publish", { method: "POST", body: JSON.stringify({ type, data }) });
      return response.json();
    },
    subscribe(type, handler) {
      // Every remote may listen for `reset`; here no event is ever missed.
      if (type !== "reset") allow(declared.subscribe, type);
      source ??= new EventSource("/preview/stream");
      const listener = (message) => handler(JSON.parse(message.data));
      source.addEventListener(type, listener);
      return () => source.removeEventListener(type, listener);
    },
  };
}
