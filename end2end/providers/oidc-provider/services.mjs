import { errors } from "oidc-provider";

/** The example services: what tokens may be exchanged for, and with which scopes. */
const SERVICES = {
  "https://api.portico.example/todos": "todos.read todos.write",
  "https://api.portico.example/chat": "chat.use",
  "https://api.portico.example/insights": "insights.read",
  "https://api.portico.example/org-admin": "org.admin",
  "https://api.portico.example/echo": "echo.use",
};

/**
 * A service by its audience, as a resource server of RFC 8707 whose tokens are JWTs (RFC 9068).
 *
 * @throws invalid_target for an unknown one
 */
export function resourceServer(_ctx, audience) {
  if (!Object.hasOwn(SERVICES, audience)) throw new errors.InvalidTarget();
  const jwt = { sign: { alg: "ES256" } };
  return { audience, scope: SERVICES[audience], accessTokenFormat: "jwt", accessTokenTTL: 300, jwt };
}
