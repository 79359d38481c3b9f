import { randomBytes } from "node:crypto";
import { CLAIMS, findAccount } from "./accounts.mjs";
import { GRANT_TYPE, organizationClaims } from "./exchange.mjs";
import { logoutPage, signedOutPage } from "./pages.mjs";
import { resourceServer } from "./services.mjs";

/** What the provider is told: two clients for the portal at `portal`, and everything the portal uses switched on. */
export function configuration({ portal, secret, clientKey, signingKey }) {
  const client = {
    redirect_uris: [`${portal}/auth/callback`],
    post_logout_redirect_uris: [`${portal}/`],
    backchannel_logout_uri: `${portal}/auth/backchannel-logout`,
    backchannel_logout_session_required: true,
    grant_types: ["authorization_code", "refresh_token", GRANT_TYPE],
    response_types: ["code"],
    id_token_signed_response_alg: "ES256",
  };
  return {
    clients: [
      { ...client, client_id: "portico", client_secret: secret, token_endpoint_auth_method: "client_secret_basic" },
      {
        ...client,
        client_id: "portico-key",
        token_endpoint_auth_method: "private_key_jwt",
        token_endpoint_auth_signing_alg: "ES256",
        jwks: { keys: [clientKey] },
      },
    ],
    jwks: { keys: [signingKey] },
    cookies: { keys: [randomBytes(32).toString("base64url")] },
    claims: CLAIMS,
    // The portal reads who signed in from the id_token and asks no userinfo endpoint.
    conformIdTokenClaims: false,
    findAccount,
    extraTokenClaims: organizationClaims,
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed("refresh_token"),
    loadExistingGrant: grantEverything,
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    // What this program sends goes to a portal on loopback, which the library refuses by itself.
    fetch: (url, { dispatcher: _, ...options }) => globalThis.fetch(url, options),
    features: {
      devInteractions: { enabled: false },
      pushedAuthorizationRequests: { enabled: true },
      revocation: { enabled: true },
      introspection: { enabled: true },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true, logoutSource: logoutPage, postLogoutSuccessSource: signedOutPage },
      resourceIndicators: { enabled: true, getResourceServerInfo: resourceServer, defaultResource: () => undefined },
    },
    ttl: { AccessToken: 300, AuthorizationCode: 60, Grant: 36_000, IdToken: 300, Interaction: 600, RefreshToken: 36_000, Session: 36_000 },
  };
}

/** Nobody is asked for consent: portal and provider are of one house. */
async function grantEverything(ctx) {
  const { client, session, provider } = ctx.oidc;
  const known = await provider.Grant.find(session.grantIdFor(client.clientId) ?? "");
  const grant = known ?? new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope("openid profile email");
  await grant.save();
  return grant;
}
