import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { EventDesk } from "./events.mjs";
import { previewHandler } from "./handler.mjs";
import { Issuer } from "./issuer.mjs";

const manifest = {
  name: "@acme/todos", version: "1.0.0", displayName: "Todos",
  frontend: { entry: "index.js", routes: [{ path: "/todos", title: '<b>"Todos"</b>', mount: "TodosPage" }] },
};
let folder, origin, server;
const upstream = createServer((request, response) => response.end(JSON.stringify({ url: request.url, headers: request.headers })));
const issuer = new Issuer("http://127.0.0.1:4100");

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "preview-"));
  await new Promise((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  manifest.backend = { url: `http://127.0.0.1:${upstream.address().port}`, audience: "https://api.example/todos", scopes: ["todos.read"],
    views: [{ path: "/overview/{list}", query: ["status"], legs: [{ name: "items", path: "/lists/{list}?status={status}&sort={sort}" }] }] };
  await writeFile(join(folder, "remote.json"), JSON.stringify(manifest));
  await writeFile(join(folder, "index.js"), "export const TodosPage = () => () => {};");
  const events = new EventDesk();
  server = createServer(previewHandler({ manifestPath: join(folder, "remote.json"), dist: folder, issuer, events }));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${server.address().port}`;
});

after(async () => {
  for (const one of [server, upstream]) {
    one.closeAllConnections();
    one.close();
  }
  await rm(folder, { recursive: true });
});

test("a page names the mount, escapes what the manifest says and runs under a strict policy", async () => {
  const response = await fetch(`${origin}/`);
  const html = await response.text();
  assert.match(html, /data-mount="TodosPage"/);
  assert.ok(!html.includes("<b>"));
  assert.match(response.headers.get("content-security-policy"), /default-src 'none'; script-src 'self'/);
});

test("a call reaches the service with a token for it and without the browser's cookie", async () => {
  const response = await fetch(`${origin}/bff/acme.todos/todos?status=open`, { headers: { cookie: "a=b", "x-portico-org": "globex" } });
  const { url, headers } = await response.json();
  assert.equal(url, "/todos?status=open");
  assert.equal(headers.cookie, undefined);
  const [head, body, signature] = headers.authorization.replace("Bearer ", "").split(".");
  const { aud, org_id, iss } = JSON.parse(Buffer.from(body, "base64url"));
  assert.deepEqual([aud, org_id, iss], ["https://api.example/todos", "globex", issuer.url]);
  const key = { key: createPublicKey({ key: issuer.jwks().keys[0], format: "jwk" }), dsaEncoding: "ieee-p1363" };
  assert.ok(verify("sha256", Buffer.from(`${head}.${body}`), key, Buffer.from(signature, "base64url")));
});

test("a view is answered with what its calls bring", async () => {
  const { complete, legs } = await (await fetch(`${origin}/bff/acme.todos/overview/a%20b?status=open`)).json();
  assert.equal(complete, true);
  assert.equal(legs.items.body.url, "/lists/a%20b?status=open");
  const other = await (await fetch(`${origin}/bff/acme.todos/overview`)).json();
  assert.equal(other.url, "/overview");
});

test("files of the build are served, and none outside it", async () => {
  assert.equal((await fetch(`${origin}/dist/index.js`)).headers.get("content-type"), "text/javascript");
  for (const path of ["/dist/none.js", "/dist/..%2f..%2fetc%2fpasswd", "/preview/browser/..%2fissuer.mjs", "/etc/passwd"]) {
    assert.equal((await fetch(origin + path)).status, 404, path);
  }
});
