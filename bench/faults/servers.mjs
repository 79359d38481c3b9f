// The servers that faults happen to, each set up to lose as little as its documentation says that it can.
import { startKafka } from "../support/kafka.mjs";
import { startCentrifugo, startMercure, startNchan } from "../support/peers.mjs";
import { startPortal } from "../support/portal.mjs";
import { stop } from "../support/process.mjs";
import { throughCentrifugo, throughMercure, throughNchan, throughPortal } from "../support/ways.mjs";
import { ofCentrifugo, ofMercure, ofNchan, ofPortal } from "./followers.mjs";

/** More events than a schedule has, and longer than it takes. */
const HISTORY = { events: 1_000_000, time: "3600s" };

/**
 * @typedef {{
 *   name: string,
 *   child: import("node:child_process").ChildProcess,
 *   launch: () => Promise<void>,
 *   publish: (data: object, id: string) => Promise<void>,
 *   follower: (number: number) => import("./followers.mjs").Follower,
 *   end: () => Promise<void>,
 * }} Server its process, which may be ended in whatever way, and how to launch it again
 */

/** The portal on Apache Kafka, a process that no fault here happens to, as its persistence. */
async function portal() {
  const kafka = await startKafka();
  const server = await startPortal(undefined, kafka.brokers);
  const way = throughPortal(server.origin, await server.logins(4));
  const end = async () => {
    await server.stop();
    await kafka.stop();
  };
  return Object.assign(server, { name: "Portico", publish: way.publish, follower: (number) => ofPortal(way, number), end });
}

/** Mercure with its history on disk, of unlimited size. */
const mercure = () => peer("Mercure, on disk", startMercure({ history: true }), throughMercure, ofMercure);

/** Centrifugo's memory engine with recovery forced, and nothing that would cut a recovery short. */
const centrifugo = () =>
  peer(
    "Centrifugo, in memory",
    startCentrifugo({
      CENTRIFUGO_CHANNEL_WITHOUT_NAMESPACE_HISTORY_SIZE: String(HISTORY.events),
      CENTRIFUGO_CHANNEL_WITHOUT_NAMESPACE_HISTORY_TTL: HISTORY.time,
      CENTRIFUGO_CLIENT_RECOVERY_MAX_PUBLICATION_LIMIT: String(HISTORY.events),
    }),
    throughCentrifugo,
    ofCentrifugo,
  );

/** Nchan with its messages in memory, which its workers share. */
const nchan = () =>
  peer(
    "Nchan, in memory",
    startNchan((text) =>
      text.replace(/nchan_message_buffer_length \d+/, `nchan_message_buffer_length ${HISTORY.events}`).replace(/nchan_message_timeout \w+/, `nchan_message_timeout ${HISTORY.time}`),
    ),
    throughNchan,
    ofNchan,
  );

async function peer(name, starting, through, of) {
  const server = await starting;
  if (!server) return undefined;
  const way = through(server.origin);
  return Object.assign(server, { name, publish: way.publish, follower: (number) => of(way, number), end: () => stop(server.child) });
}

/** Each server's start, which gives nothing where it is not installed. @type {Record<string, () => Promise<Server | undefined>>} */
export const SERVERS = { portico: portal, mercure, centrifugo, nchan };
