import { answerEvents } from "./events.mjs";
import { Problem, serve } from "./http.mjs";
import { signingKeyOf } from "./signature.mjs";
import { issuersOf, tokenVerifier } from "./token.mjs";

const verify = tokenVerifier({
  issuers: issuersOf(process.env),
  audience: "https://api.portico.example/echo",
});
const brokers = (process.env.KAFKA_BROKERS ?? "127.0.0.1:9092").split(",");
const ending = new AbortController();
const events = answerEvents({
  name: "echo",
  brokers,
  inbound: "echo.inbound",
  outbound: "echo.outbound",
  type: "echo.request",
  answer: (request, reply) => reply("echo.reply", request.data),
  signingKey: signingKeyOf(process.env),
  signal: ending.signal,
});

serve("echo", Number(process.env.PORT ?? 4014), whoami, () => {
  ending.abort();
  return events;
});

/** `GET /whoami`: what this service learns of the caller from the token. Never the token itself. */
async function whoami(request) {
  const caller = await verify(request.headers.authorization);
  if (request.method !== "GET" || request.url.pathname !== "/whoami") {
    throw new Problem(404, "Not found", "Only GET /whoami is offered here.");
  }
  return { status: 200, body: { sub: caller.sub, orgId: caller.orgId, scopes: [...caller.scopes] } };
}
