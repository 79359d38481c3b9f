/** The people who can sign in, each with the user name as password. */
const PEOPLE = {
  alice: person("alice", "Alice Archer", [{ id: "acme", name: "Acme", roles: ["admin"] }]),
  bob: person("bob", "Bob Baker", [{ id: "acme", name: "Acme", roles: ["member"] }]),
};

function person(username, name, organizations) {
  const [{ id, name: organization }] = organizations;
  const email = `${username}@${id}.example`;
  return { sub: username, name, preferred_username: username, email, email_verified: true, org_id: id, org_name: organization, organizations };
}

/** The scopes of people's claims, as `configuration.claims` takes them. */
export const CLAIMS = {
  openid: ["sub", "org_id", "org_name", "organizations"],
  profile: ["name", "preferred_username"],
  email: ["email", "email_verified"],
};

/** Whoever signs in with this name and password; `undefined` for anyone else. */
export function signedIn(username, password) {
  return Object.hasOwn(PEOPLE, username) && password === username ? username : undefined;
}

/** As `oidc-provider` looks people up. */
export function findAccount(_ctx, id) {
  return Object.hasOwn(PEOPLE, id) ? { accountId: id, claims: () => PEOPLE[id] } : undefined;
}
