// A service's ear and mouth on Kafka: requests in, replies out, as CloudEvents.
// Shared by copy between the example services (remotes/scripts/sync.mjs keeps them in step).
import { setTimeout as delay } from "node:timers/promises";
import kafkajs from "kafkajs";
import { OffsetTracker } from "./offsets.mjs";
import { replyRecord } from "./reply.mjs";
import { readRequest } from "./request.mjs";
import { Turns } from "./turns.mjs";

/** Requests answered at the same time; further ones wait in Kafka. */
const CONCURRENCY = 64;
/** How often finished offsets are committed, in milliseconds: what a crash makes us answer twice. */
const COMMIT_EVERY = 500;
/** Ids of answered requests kept to drop repeats, since publishing is at least once. */
const REMEMBERED = 10_000;

/**
 * Answers requests until `signal` aborts. Waits for brokers that are not there yet and comes back after an outage.
 *
 * @param {object} options
 * @param {string} options.name the service's, such as `echo`; part of the group id and of `source`
 * @param {string[]} options.brokers `host:port`
 * @param {string} options.inbound topic of requests
 * @param {string} options.outbound topic of replies
 * @param {string} options.type the CloudEvent type of a request
 * @param {(request: Request, reply: (type: string, data?: string) => Promise<void>) => Promise<void>} options.answer
 *   `data` is JSON text, sent as it is
 * @param {import("./signature.mjs").SigningKey} options.signingKey the key that the portal knows as this service's
 * @param {AbortSignal} options.signal
 */
export async function answerEvents(options) {
  const { name, brokers, signal } = options;
  const kafka = new kafkajs.Kafka({
    clientId: `portico-${name}`,
    brokers,
    // Its log has a line for every attempt; what matters is said once, below.
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { initialRetryTime: 200, maxRetryTime: 2_000, retries: 8 },
  });
  let said;
  while (!signal.aborted) {
    try {
      await session(kafka, options);
    } catch (error) {
      // Brokers may stay away for hours: say it once, not once a second.
      if (error.message !== said) console.error(`${name}: events stopped (${error.message}); trying again`);
      said = error.message;
    }
    await delay(1_000, undefined, { signal }).catch(() => {});
  }
}

/** One life of the consumer and its producer; ends with an error or with the signal. */
async function session(kafka, { name, inbound, outbound, type, answer, signingKey, signal }) {
  // The portal creates topics with the partitions it wants; asking for one must not create it with others.
  const producer = kafka.producer({
    allowAutoTopicCreation: false,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  });
  const consumer = kafka.consumer({
    groupId: `portico-${name}-service`,
    allowAutoTopicCreation: false,
    sessionTimeout: 10_000,
    heartbeatInterval: 2_000,
    // Short, because librdkafka's mock cluster answers an empty fetch only when this time is over.
    maxWaitTimeInMs: 100,
  });
  const work = { producer, outbound, type, answer, name, signingKey, answered: new Set(), turns: new Turns(), tracker: new OffsetTracker() };
  const ended = new Promise((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      console.error(`${name}: lost the brokers (${payload.error.message}); reconnecting`);
      if (!payload.restart) reject(payload.error);
    });
    consumer.on(consumer.events.GROUP_JOIN, () => work.tracker.clear());
    signal.addEventListener("abort", resolve, { once: true });
  });
  ended.catch(() => {}); // It may be rejected while `start` is still failing for the same reason.
  const commits = setInterval(() => commit(consumer, work.tracker), COMMIT_EVERY);
  try {
    await Promise.race([ended, start(consumer, inbound, work)]);
    console.log(`${name}: answering ${inbound}`);
    await ended;
  } finally {
    clearInterval(commits);
    await commit(consumer, work.tracker);
    await Promise.allSettled([consumer.disconnect(), producer.disconnect()]);
  }
}

async function start(consumer, inbound, work) {
  await work.producer.connect();
  await consumer.connect();
  // From the beginning when the group is new: a request sent before we joined still gets its answer.
  await consumer.subscribe({ topics: [inbound], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ topic, partition, message }) => {
      // The key is the person: theirs are answered in order.
      const finished = work.tracker.begin(topic, partition, message.offset);
      const answering = work.turns.run(String(message.key), () => answerOne(message, work)).finally(finished);
      if (work.tracker.pending >= CONCURRENCY) await answering;
    },
  });
}

/** Never rejects: a record that cannot be answered is reported and passed over, or it would block its partition. */
async function answerOne(record, work) {
  try {
    const request = readRequest(record);
    if (request.type !== work.type || isRepeat(request, work.answered)) return;
    let sequence = 0;
    await work.answer(request, (type, data) => send(work, request, sequence++, type, data));
  } catch (error) {
    console.error(`${work.name}: a request was passed over: ${error.message}`);
  }
}

function isRepeat(request, answered) {
  const key = [request.orgid, request.userid, request.source, request.id].join("\0");
  if (answered.has(key)) return true;
  answered.add(key);
  if (answered.size > REMEMBERED) answered.delete(answered.values().next().value);
  return false;
}

async function send({ producer, outbound, name, signingKey }, request, sequence, type, data) {
  const reply = { service: name, sequence, type, data, time: new Date() };
  await producer.send({ topic: outbound, acks: -1, messages: [replyRecord(request, reply, outbound, signingKey)] });
}

async function commit(consumer, tracker) {
  const offsets = tracker.take();
  if (offsets.length === 0) return;
  // A failed commit costs a repeated answer, which its id makes harmless.
  await consumer.commitOffsets(offsets).catch(() => {});
}

/** @typedef {import("./request.mjs").Request} Request */
