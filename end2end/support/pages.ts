/** A page of the portal for someone who may see it. */
export interface PortalPage {
  name: string;
  path: string;
  /** The text of its `<h1>`. */
  heading: string;
  /** The status of its document. */
  status: number;
  /** Who looks at it; nobody means without a session. */
  as: "alice" | "bob" | "nobody";
}

/** Every kind of page there is, remotes that work included. */
export const PAGES: PortalPage[] = [
  { name: "home", path: "/", heading: "Welcome, Alice", status: 200, as: "alice" },
  { name: "todos", path: "/todos", heading: "Todos", status: 200, as: "alice" },
  { name: "chat", path: "/chat", heading: "Chat", status: 200, as: "alice" },
  { name: "insights", path: "/insights", heading: "Insights", status: 200, as: "alice" },
  { name: "org-admin", path: "/org-admin", heading: "Organization", status: 200, as: "alice" },
  { name: "echo", path: "/echo", heading: "Echo", status: 200, as: "alice" },
  { name: "account", path: "/account", heading: "Your account", status: 200, as: "alice" },
  { name: "members", path: "/members", heading: "Members of Acme", status: 200, as: "alice" },
  { name: "health", path: "/platform/health", heading: "Health", status: 200, as: "alice" },
  { name: "forbidden", path: "/org-admin", heading: "You do not have access to this page", status: 403, as: "bob" },
  { name: "not-found", path: "/nothing/here", heading: "There is nothing here", status: 404, as: "alice" },
  { name: "signed-out", path: "/", heading: "One place for your work", status: 200, as: "nobody" },
  { name: "sign-in-first", path: "/todos", heading: "One place for your work", status: 401, as: "nobody" },
  { name: "error", path: "/auth/callback?state=unknown&code=none", heading: "This sign-in could not be finished", status: 400, as: "nobody" },
];

/** What the browser itself writes to the console when a document's status is an error. */
export function statusComplaint(status: number): RegExp {
  return new RegExp(`^error: Failed to load resource: the server responded with a status of ${status} `);
}

/** The card of a fixture that fails on purpose stands on everyone's home page. */
export const BROKEN_CARD = /This fixture throws in mount/;

/**
 * A page whose session ends asks the portal whether it still stands, its last measurements find none, and where another tab
 * had the stream it may be about to open one.
 */
export const SESSION_ENDED = /status of 401 .*\/api\/(fn\/session|fn\/subscribe_events|platform\/rum)\)/;
