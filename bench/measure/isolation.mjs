// What a hanging upstream costs the callers of others: p99 of calls to a healthy one, alone and beside two hundred calls to one
// that accepts connections and never answers. Rounds take turns, so that the machine's own moods fall on both.
import { setMaxListeners } from "node:events";
import { Agent, request } from "node:http";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { medians } from "../support/numbers.mjs";
import { UPSTREAM, startUpstream } from "../support/peers.mjs";
import { startPortal } from "../support/portal.mjs";
import { stop } from "../support/process.mjs";
import { HANGING_PORT } from "../support/remotes.mjs";
import { row } from "../support/table.mjs";
import { wrkInBackground } from "../support/wrk.mjs";

const SECONDS = 4;
const HANGING = 200;
/** Fewer than would fill the core: p99 is to show what others wait for, not the load's own queue. */
const CONNECTIONS = 4;

export default async function isolation({ rounds }) {
  const sockets = new Set();
  const hanging = createServer((socket) => sockets.add(socket.on("error", () => {}).on("data", () => {})));
  await new Promise((resolve) => hanging.listen(HANGING_PORT, "127.0.0.1", resolve));
  const upstream = await startUpstream();
  const portal = await startPortal(UPSTREAM);
  const headers = { cookie: await portal.login(), "x-csrf": "1" };
  const measured = [];
  await load(portal, headers);
  for (let round = 0; round < Math.max(rounds, 3); round += 1) {
    const alone = await load(portal, headers);
    const calls = hang(portal, headers);
    await settled(sockets);
    const beside = await load(portal, headers);
    measured.push({ alone: alone.p99, beside: beside.p99, held: sockets.size });
    calls.abort();
    sockets.forEach((socket) => socket.destroy());
    sockets.clear();
  }
  await portal.stop();
  await stop(upstream);
  hanging.close();
  const { alone, beside, held } = medians(measured);
  // Without it the figure would say nothing.
  if (held === 0) throw new Error("no call was hanging");
  const peer = { name: "the same, nothing hangs", value: alone };
  return [row({ what: `p99 beside ${held} hanging calls to another upstream`, unit: "µs", portico: beside, peer, better: "less" })];
}

const load = (portal, { cookie, ...headers }) =>
  wrkInBackground(`${portal.origin}/bff/bench.remote-1/data/item`, { connections: CONNECTIONS, seconds: SECONDS, headers: { ...headers, cookie } });

/** Waits until no further call arrives: what hanging costs is measured, not what two hundred calls at once do. */
async function settled(sockets) {
  for (let before = -1; sockets.size !== before; ) {
    before = sockets.size;
    await sleep(500);
  }
}

/** Two hundred calls that wait. */
function hang(portal, headers) {
  const agent = new Agent({ keepAlive: false, maxSockets: HANGING });
  const abort = new AbortController();
  setMaxListeners(HANGING, abort.signal);
  for (let call = 0; call < HANGING; call += 1) {
    request(`${portal.origin}/bff/bench.remote-2/data/item`, { agent, headers, signal: abort.signal }, (answer) => answer.resume())
      .on("error", () => {})
      .end();
  }
  return abort;
}
