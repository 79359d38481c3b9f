// Token exchange (RFC 8693): `oidc-provider` leaves this grant to its users.
import { errors } from "oidc-provider";
import { findAccount } from "./accounts.mjs";
import { resourceServer } from "./services.mjs";

export const GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange";
export const PARAMETERS = ["subject_token", "subject_token_type", "requested_token_type", "audience", "resource", "scope"];

const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";

/** Trades an access token of this client for one that a single service accepts, with the scopes asked for or fewer. */
export async function exchangeToken(ctx) {
  const { provider, client, params } = ctx.oidc;
  if (params.subject_token_type !== ACCESS_TOKEN) throw new errors.InvalidRequest("subject_token_type is not supported");
  if ((params.requested_token_type ?? ACCESS_TOKEN) !== ACCESS_TOKEN) throw new errors.InvalidRequest("requested_token_type is not supported");
  const subject = await provider.AccessToken.find(params.subject_token ?? "");
  if (!subject?.isValid || subject.clientId !== client.clientId) throw new errors.InvalidGrant("subject_token is not valid");

  const server = resourceServer(ctx, params.audience);
  const asked = new Set((params.scope ?? "").split(" ").filter(Boolean));
  const known = new Set(server.scope.split(" "));
  const beyond = [...asked].find((scope) => !known.has(scope));
  if (beyond !== undefined) throw new errors.InvalidScope("the service has no such scope", beyond);

  const token = new provider.AccessToken({
    accountId: subject.accountId,
    client,
    expiresWithSession: subject.expiresWithSession,
    grantId: subject.grantId,
    gty: "token_exchange",
    scope: [...asked].join(" "),
    sessionUid: subject.sessionUid,
  });
  token.resourceServer = new provider.ResourceServer(params.audience, server);
  ctx.oidc.entity("AccessToken", token);
  ctx.body = {
    access_token: await token.save(),
    issued_token_type: ACCESS_TOKEN,
    token_type: token.tokenType,
    expires_in: token.expiration,
    scope: token.scope,
  };
}

/** The organization goes into every access token: services are to keep tenants apart. */
export function organizationClaims(ctx, token) {
  const { org_id } = findAccount(ctx, token.accountId)?.claims() ?? {};
  return { org_id };
}
