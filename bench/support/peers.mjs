// The peers, each on the server's core, one at a time.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { walk } from "./login.mjs";
import { LOAD_CORE, SERVER_CORE, ready, start, stop } from "./process.mjs";

const peers = fileURLToPath(new URL("../peers/", import.meta.url));
const scratch = () => mkdtempSync(join(tmpdir(), "portico-bench-peer-"));

/** The port of the upstream that every proxy calls. */
export const UPSTREAM_PORT = 4310;
export const UPSTREAM = `http://127.0.0.1:${UPSTREAM_PORT}`;
/** 200 bytes, as the issue asks. */
const BODY = "x".repeat(200);

const nginx = existsSync("/usr/sbin/nginx") ? "/usr/sbin/nginx" : "nginx";

/** nginx as the fast upstream, on the load's core: 200 bytes at `/data/item`, and files of zeros at `/data/SIZE.bin`. */
export const startUpstream = () =>
  startNginx(
    LOAD_CORE,
    UPSTREAM_PORT,
    `location / { default_type application/json; return 200 "${BODY}"; } location ~ \\.bin$ { sendfile on; root files; rewrite ^/data/(.*)$ /$1 break; }`,
    "",
    (directory) => Object.entries(FILES).forEach(([name, bytes]) => zeros(join(directory, "files", name), bytes)),
  );

/** What the upstream has besides 200 bytes. A file of zeros takes no room on a disk, and none is read. */
const FILES = { "megabyte.bin": 1e6, "gigabyte.bin": 1e9 };

function zeros(file, bytes) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, "");
  truncateSync(file, bytes);
}

/** nginx as a proxy without authentication: the floor for every proxy. */
export async function startNginxProxy() {
  const port = 4320;
  const proxy = `location /bff/bench.remote-1/ { proxy_pass http://upstream/; proxy_http_version 1.1; proxy_set_header Connection ""; }`;
  const child = await startNginx(SERVER_CORE, port, proxy, `upstream upstream { server 127.0.0.1:${UPSTREAM_PORT}; keepalive 128; keepalive_requests 10000000; }`);
  return { child, origin: `http://127.0.0.1:${port}` };
}

async function startNginx(core, port, location, before = "", prepare = () => {}) {
  const directory = scratch();
  // Started by root, its worker is somebody else.
  chmodSync(directory, 0o755);
  prepare(directory);
  mkdirSync(join(directory, "temp"));
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path temp/${name};`).join(" ");
  writeFileSync(
    join(directory, "nginx.conf"),
    `daemon off; worker_processes 1; pid nginx.pid; error_log error.log;
     events { worker_connections 4096; }
     http { access_log off; keepalive_requests 10000000; ${temp} ${before}
       server { listen 127.0.0.1:${port}; location = /healthz { return 200; } ${location} } }\n`,
  );
  const child = start(core, [nginx, "-p", directory, "-c", "nginx.conf", "-e", "error.log"], { log: join(directory, "output.log") });
  await ready(`http://127.0.0.1:${port}/healthz`, { child, log: join(directory, "output.log") });
  return child;
}

/** Fastify and React with the page that the portal rendered, for the portal's own session cookies. */
export async function startFastify(page, cookies) {
  const port = 4330;
  const directory = scratch();
  const state = join(directory, "state.json");
  writeFileSync(state, JSON.stringify(page));
  const log = join(directory, "fastify.log");
  const server = join(peers, "fastify-react/dist/server.js");
  const env = { NODE_ENV: "production" };
  const child = start(SERVER_CORE, [process.execPath, server, String(port), state, cookies.map((cookie) => cookie.split("=")[1]).join(), UPSTREAM], { log, env });
  await ready(`http://127.0.0.1:${port}/healthz`, { child, log, pause: 1 });
  return { child, origin: `http://127.0.0.1:${port}` };
}

const built = process.env.PORTICO_PEERS ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "portico/peers");

/** oauth2-proxy with a session in its encrypted cookie and the access token passed on, or nothing where it was not built. */
export async function startOauth2Proxy() {
  const program = join(built, "oauth2-proxy");
  if (!existsSync(program)) return undefined;
  const [port, issuerPort] = [4350, 4351];
  const [origin, issuer] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${issuerPort}`];
  const log = join(scratch(), "oauth2-proxy.log");
  const provider = start(LOAD_CORE, [process.execPath, join(peers, "oidc.mjs"), String(issuerPort)], { log });
  await ready(`${issuer}/jwks`, { child: provider, log });
  const child = start(
    SERVER_CORE,
    [
      program,
      "--provider=oidc",
      `--oidc-issuer-url=${issuer}`,
      `--redirect-url=${origin}/oauth2/callback`,
      `--upstream=${UPSTREAM}/`,
      `--http-address=127.0.0.1:${port}`,
      "--client-id=bench",
      "--client-secret=bench",
      "--cookie-secret=0123456789abcdef0123456789abcdef",
      "--cookie-secure=false",
      "--email-domain=*",
      "--pass-access-token",
      "--skip-provider-button",
      "--request-logging=false",
      "--auth-logging=false",
      "--standard-logging=false",
    ],
    // One scheduler thread, as the portal has on its one core.
    { log, env: { GOMAXPROCS: "1" } },
  );
  await ready(`${origin}/ping`, { child, log });
  return {
    child,
    origin,
    login: () => walk(`${origin}/data/item`),
    stop: async () => {
      await stop(child);
      await stop(provider);
    },
  };
}

/**
 * A server that can be launched again, as it was and with the files that it had, after it has ended in whatever way: `health` is where
 * it says that it serves.
 */
async function relaunchable(origin, health, command, { log, env }) {
  const server = {
    origin,
    launch: async () => {
      server.child = start(SERVER_CORE, command, { log, env });
      await ready(`${origin}${health}`, { child: server.child, log });
    },
  };
  await server.launch();
  return server;
}

export const MERCURE_KEY = "benchbenchbenchbenchbenchbenchbenchbench";
const mercure = join(built, "mercure");

/** Mercure, or nothing where it was not built. With `history` it keeps events on disk, without none at all. */
export async function startMercure({ history }) {
  if (!existsSync(mercure)) return undefined;
  const port = 4340;
  const directory = scratch();
  const log = join(directory, "mercure.log");
  const config = join(directory, "Caddyfile");
  const transport = history ? `transport bolt {\n\t\t\tpath ${join(directory, "updates.db")}\n\t\t}` : "transport local";
  writeFileSync(config, readFileSync(join(peers, "mercure.Caddyfile"), "utf8").replace("transport local", transport));
  const command = [mercure, "run", "--config", config, "--adapter", "caddyfile"];
  // One scheduler thread, as the portal has on its one core.
  const env = { GOMAXPROCS: "1", XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory };
  return relaunchable(`http://127.0.0.1:${port}`, "/healthz", command, { log, env });
}

/** Centrifugo with its history in memory, or nothing where it was not built. `settings` are environment variables that it reads. */
export async function startCentrifugo(settings = {}) {
  const program = join(built, "centrifugo");
  if (!existsSync(program)) return undefined;
  const log = join(scratch(), "centrifugo.log");
  // One scheduler thread, as the portal has on its one core.
  const env = { GOMAXPROCS: "1", ...settings };
  return relaunchable("http://127.0.0.1:4380", "/health", [program, "-c", join(peers, "centrifugo.json")], { log, env });
}

/**
 * nginx with Nchan, or nothing where it is not installed. No authentication, no tenants, no log that lasts: a floor. `configure` may
 * change its configuration.
 */
export async function startNchan(configure = (text) => text) {
  if (!existsSync("/usr/lib/nginx/modules/ngx_nchan_module.so")) return undefined;
  const directory = scratch();
  // Started by root, its worker is somebody else.
  chmodSync(directory, 0o755);
  mkdirSync(join(directory, "temp"));
  const config = join(directory, "nginx.conf");
  writeFileSync(config, configure(readFileSync(join(peers, "nchan.nginx.conf"), "utf8")));
  const log = join(directory, "output.log");
  return relaunchable("http://127.0.0.1:4360", "/healthz", [nginx, "-p", directory, "-c", config, "-e", "error.log"], { log });
}
