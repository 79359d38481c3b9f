import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Portal, ROOT, startPortal } from "../portal/portal.ts";
import type { Place } from "./addresses.ts";

/** The remotes that these tests open: one whose page calls its service, one whose page has live updates. */
const REMOTES = { todos: 4010, echo: 4014 };

/** Starts a portal in front of a provider; `settings` is its `[[identity.providers]]` in TOML, without `issuer`. */
export async function startPortalOf(name: string, place: Place, settings: string, directory: string): Promise<Portal> {
  const remotes = join(directory, "remotes");
  for (const [remote, port] of Object.entries(REMOTES)) await copyRemote(remote, port, place.servicePort, remotes);
  const file = join(directory, "portico.toml");
  await writeFile(file, configuration(place, settings));
  return startPortal({
    name: `portico-at-${name}`,
    ...place.portal,
    services: [place.servicePort],
    environment: { PORTICO_CONFIG: file, PORTICO_REGISTRY__DIRECTORIES: JSON.stringify([remotes]), PORTICO_FIXTURES: "0" },
  });
}

/** A built remote whose service is on another port than in the checkout, so that both can run. */
async function copyRemote(remote: string, port: number, servicePort: number, to: string): Promise<void> {
  const dist = join(to, remote, "dist");
  await mkdir(dist, { recursive: true });
  await cp(join(ROOT, "remotes", remote, "dist"), dist, { recursive: true, filter: (source) => !/^remote\.development-/.test(basename(source)) });
  const manifest = join(dist, "remote.json");
  await writeFile(manifest, (await readFile(manifest, "utf8")).replaceAll(`127.0.0.1:${port}`, `127.0.0.1:${servicePort}`));
}

function configuration({ issuer, servicePort }: Place, settings: string): string {
  const grant = (remote: string, scopes: string, more = "") => `
[registry.grants."@portico/${remote}"]
backend_origins = ["http://127.0.0.1:${servicePort}"]
audiences = ["https://api.portico.example/${remote}"]
scopes = ${scopes}
${more}`;
  return `
[[identity.providers]]
issuer = "${issuer}"
${settings}

[gateway]
upstream_networks = ["127.0.0.0/8"]
${grant("todos", '["todos.read", "todos.write"]')}
${grant("echo", '["echo.use"]', 'topics = ["echo.inbound", "echo.outbound"]\npublish = ["echo.request"]\nsubscribe = ["echo.reply"]')}
[[development.services]]
name = "todos"
command = ["node", "service/main.mjs"]
directory = "remotes/todos"
environment = { PORT = "${servicePort}" }
`;
}
