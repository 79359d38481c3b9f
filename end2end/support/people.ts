/** The demo accounts, and what each may open. */
export interface Person {
  username: string;
  name: string;
  organization: string;
  /** The titles in the navigation that come from remotes, fixtures apart, in order. */
  opens: string[];
  /** The titles in the navigation that are the portal's own, besides home. */
  manages?: string[];
}

const MEMBER = ["Todos", "Chat", "Insights", "Echo"];

export const ALICE: Person = { username: "alice", name: "Alice Archer", organization: "Acme", opens: ["Todos", "Chat", "Insights", "Organization", "Echo"], manages: ["Members", "Refusals", "Health"] };
export const BOB: Person = { username: "bob", name: "Bob Baker", organization: "Acme", opens: MEMBER };
export const CAROL: Person = { username: "carol", name: "Carol Castillo", organization: "Globex", opens: MEMBER };
/** Belongs to both organizations; Acme comes first. */
export const ERIN: Person = { username: "erin", name: "Erin Ellis", organization: "Acme", opens: MEMBER };

export const PEOPLE = [ALICE, BOB, CAROL, ERIN];
