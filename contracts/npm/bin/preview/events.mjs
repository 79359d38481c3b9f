import { randomUUID } from "node:crypto";

/** Stands in for Kafka: hands each published event to `answer` and what it replies to every open stream. */
export class EventDesk {
  #streams = new Set();

  /** @param {(event: { id: string, type: string, data: string }, reply: (type: string, data: string) => Promise<void>) => Promise<void>} [answer] */
  constructor(answer = async () => {}) {
    this.answer = answer;
  }

  /** Holds the response open as a stream of server-sent events. */
  open(response) {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    response.write(": open\n\n");
    this.#streams.add(response);
    response.on("close", () => this.#streams.delete(response));
  }

  /** @returns {{ id: string }} */
  publish({ type, data }) {
    const id = randomUUID();
    const event = { id, type, data: JSON.stringify(data) };
    this.answer(event, async (replyType, replyData) => this.#send(replyType, replyData)).catch((error) => console.error(error));
    return { id };
  }

  #send(type, data) {
    const event = { specversion: "1.0", id: randomUUID(), source: "/preview", type, time: new Date().toISOString() };
    const text = `${JSON.stringify(event).slice(0, -1)},"data":${data}}`.replace(/[\r\n]+/g, " ");
    for (const stream of this.#streams) stream.write(`event: ${type}\ndata: ${text}\n\n`);
  }
}
