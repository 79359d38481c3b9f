import { expect, type Page } from "@playwright/test";
import { KEYCLOAK, OIDC_PROVIDER } from "./addresses.ts";

/** What a person, or an administrator, does at a provider. */
export interface TestProvider {
  issuer: string;
  /** Fills the provider's sign-in form. */
  signIn(page: Page, username: string): Promise<void>;
  /** What the provider asks before it ends its session, where it asks. */
  confirmSignOut(page: Page): Promise<void>;
  /** Ends the person's sessions at the provider, without the portal. */
  endSessions(page: Page, username: string): Promise<void>;
}

export const PROVIDERS: Record<string, TestProvider> = {
  keycloak: {
    issuer: KEYCLOAK.issuer,
    signIn: (page, username) => form(page, "Username or email", username),
    confirmSignOut: async () => {},
    endSessions: (_page, username) => keycloakLogout(username),
  },
  "oidc-provider": {
    issuer: OIDC_PROVIDER.issuer,
    signIn: (page, username) => form(page, "User name", username),
    confirmSignOut: (page) => page.getByRole("button", { name: "Sign out" }).click(),
    endSessions: async (page) => {
      const tab = await page.context().newPage();
      await tab.goto(`${OIDC_PROVIDER.issuer}/session/end`);
      await tab.getByRole("button", { name: "Sign out" }).click();
      await tab.waitForURL(/\/session\/end\/success/);
      await tab.close();
    },
  },
};

async function form(page: Page, label: string, username: string): Promise<void> {
  await page.getByLabel(label).fill(username);
  await page.getByRole("textbox", { name: "Password" }).fill(username);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** What "Logout all sessions" of Keycloak's administration does. It tells the portal of one of them only. */
async function keycloakLogout(username: string): Promise<void> {
  const origin = new URL(KEYCLOAK.issuer).origin;
  const password = new URLSearchParams({ grant_type: "password", client_id: "admin-cli", username: "admin", password: "admin" });
  const answer = await fetch(`${origin}/realms/master/protocol/openid-connect/token`, { method: "POST", body: password });
  const { access_token } = (await answer.json()) as { access_token: string };
  const headers = { authorization: `Bearer ${access_token}` };
  const users = await fetch(`${origin}/admin/realms/portico/users?exact=true&username=${username}`, { headers });
  const [user] = (await users.json()) as { id: string }[];
  const ended = await fetch(`${origin}/admin/realms/portico/users/${user?.id}/logout`, { method: "POST", headers });
  expect(ended.status).toBe(204);
}
