import { orgAdminApi } from "./api.mjs";
import { serve } from "./http.mjs";
import { tokenVerifier } from "./token.mjs";

const verify = tokenVerifier({
  issuer: process.env.PORTICO_ISSUER ?? "http://127.0.0.1:3000/dev/idp",
  audience: "https://api.portico.example/org-admin",
});
serve("org-admin", Number(process.env.PORT ?? 4013), orgAdminApi({ verify }));
