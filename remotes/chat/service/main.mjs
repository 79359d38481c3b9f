import { answerMessage } from "./answer.mjs";
import { SUGGESTIONS } from "./assistant.mjs";
import { answerEvents } from "./events.mjs";
import { Problem, serve } from "./http.mjs";
import { signingKeyOf } from "./signature.mjs";
import { issuersOf, requireScope, tokenVerifier } from "./token.mjs";

const verify = tokenVerifier({
  issuers: issuersOf(process.env),
  audience: "https://api.portico.example/chat",
});
const brokers = (process.env.KAFKA_BROKERS ?? "127.0.0.1:9092").split(",");
const ending = new AbortController();
const events = answerEvents({
  name: "chat",
  brokers,
  inbound: "chat.inbound",
  outbound: "chat.outbound",
  type: "chat.message",
  answer: answerMessage,
  signingKey: signingKeyOf(process.env),
  signal: ending.signal,
});

serve("chat", Number(process.env.PORT ?? 4011), suggestions, () => {
  ending.abort();
  return events;
});

/** `GET /suggestions`: what a person might ask first. */
async function suggestions(request) {
  requireScope(await verify(request.headers.authorization), "chat.use");
  if (request.method !== "GET" || request.url.pathname !== "/suggestions") {
    throw new Problem(404, "Not found", "Only GET /suggestions is offered here.");
  }
  return { status: 200, body: { items: SUGGESTIONS } };
}
