import { insightsApi } from "./api.mjs";
import { withCors } from "./cors.mjs";
import { serve } from "./http.mjs";
import { issuersOf, tokenVerifier } from "./token.mjs";

const verify = tokenVerifier({
  issuers: issuersOf(process.env),
  audience: "https://api.portico.example/insights",
});
const origin = process.env.PORTICO_ORIGIN ?? "http://127.0.0.1:3000";
serve("insights", Number(process.env.PORT ?? 4012), withCors(insightsApi({ verify }), origin));
