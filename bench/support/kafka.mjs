// Apache Kafka beside the load, so that the server's core has the portal alone.
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LOAD_CORE, start, stop } from "./process.mjs";

const PORT = 4370;

/** One node, as tests have it. */
export async function startKafka() {
  const directory = mkdtempSync(join(tmpdir(), "portico-bench-kafka-"));
  const child = start(LOAD_CORE, ["scripts/kafka", "run", String(PORT), directory], { log: join(directory, "kafka.log") });
  const deadline = Date.now() + 120_000;
  while (!(await listens())) {
    if (Date.now() > deadline) throw new Error("Kafka did not start");
    await sleep(200);
  }
  return {
    brokers: [`127.0.0.1:${PORT}`],
    stop: async () => {
      await stop(child);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function listens() {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port: PORT }, () => { socket.destroy(); resolve(true); });
    socket.once("error", () => resolve(false));
  });
}
