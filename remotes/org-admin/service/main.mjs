import { orgAdminApi } from "./api.mjs";
import { serve } from "./http.mjs";
import { issuersOf, tokenVerifier } from "./token.mjs";

const verify = tokenVerifier({
  issuers: issuersOf(process.env),
  audience: "https://api.portico.example/org-admin",
});
serve("org-admin", Number(process.env.PORT ?? 4013), orgAdminApi({ verify }));
