/** What a person might ask first. */
export const SUGGESTIONS = [
  "What is Portico?",
  "How do I publish a remote?",
  "Where do my tokens live?",
  "What happens when a remote breaks?",
];

/** Looked through from the top: the first whose pattern matches answers. */
const TOPICS = [
  {
    pattern: /\b(break|breaks|broken|crash|crashes|fail|fails|failure|down|dead|die|dies|isolat\w*)\b/i,
    text: "A remote that breaks only hurts itself. Loading, mounting and unmounting each have a time limit; when one "
      + "passes, you see what happened in that remote's place, with a retry button, while its neighbours keep working.\n\n"
      + "After repeated failures the portal stops trying for a while, then probes again.",
    next: ["How are remotes verified?", "How do I publish a remote?"],
  },
  {
    pattern: /\b(tokens?|secure|security|cookies?|session|login|log in|sign in|oidc|oauth)\b/i,
    text: "Your browser holds one opaque cookie and no tokens. The portal's server keeps them, and when a remote calls its "
      + "service it exchanges yours for one that is good for that service alone, and short-lived.\n\n"
      + "Sign out once and every open tab, on every instance, is signed out within a second.",
    next: ["What is token exchange?", "What happens when a remote breaks?"],
  },
  {
    pattern: /\b(exchange|audience|scopes?)\b/i,
    text: "Token exchange (RFC 8693) trades your login for a token with exactly one audience, such as the to-do service, "
      + "and only the scopes that remote was granted. A token taken from one service is worthless at another.",
    next: ["Where do my tokens live?", "What is a manifest?"],
  },
  {
    pattern: /\b(publish|deploy|release|ship|build|create|make|write|start)\b.*\b(remotes?|widgets?|apps?)\b|\bmount\b/i,
    text: "A remote is a JavaScript module that exports mount(el, ctx) and returns a function that cleans up.\n\n"
      + "1. Write it with any framework, or none.\n"
      + "2. Describe it in remote.json: pages, cards, the API behind it, the permissions it needs.\n"
      + "3. Run portico-manifest to add hashes and sizes, sign it, and publish.\n\n"
      + "Nobody on the platform team has to release anything.",
    next: ["What is a manifest?", "How are remotes verified?"],
  },
  {
    pattern: /\b(manifest|remote\.json)\b/i,
    text: "The manifest is what a remote team publishes about one version: its entry file and every further file with a "
      + "hash, its pages and cards, its API with the permission each route needs, and the events it sends and receives. "
      + "It asks; the platform's grants decide.",
    next: ["How are remotes verified?", "Who sees which remote?"],
  },
  {
    pattern: /\b(verif\w*|sign\w*|integrity|hash\w*|trust\w*)\b/i,
    text: "Each manifest is signed by its team's key, and the platform says which key speaks for which name. Every file has "
      + "a hash that your browser checks before running it, so a changed byte is not loaded at all.",
    next: ["What happens when a remote breaks?", "What is a manifest?"],
  },
  {
    pattern: /\b(permissions?|entitle\w*|roles?|organi[sz]ations?|tenants?|who sees|access)\b/i,
    text: "Your roles give you permissions, your organization's plan limits them, and what is left decides which pages, "
      + "cards, calls and events you get. Switch organization in the top bar; other tabs follow.",
    next: ["Where do my tokens live?", "What is Portico?"],
  },
  {
    pattern: /\b(events?|kafka|stream\w*|real.?time|live)\b/i,
    text: "This answer reached you as events: your question went to Kafka, a small service read it, and its reply came back "
      + "piece by piece over one stream that all remotes on the page share. If the connection drops, it continues where it "
      + "left off.",
    next: ["What happens when a remote breaks?", "What is Portico?"],
  },
  {
    pattern: /\b(fast|speed|slow|performance|size|budget|bundle)\b/i,
    text: "Pages arrive as HTML and are useful before any script runs. A remote's page may weigh 35 kB compressed, checked "
      + "when it is published, and a portal with 500 remotes opens as fast as one with five.",
    next: ["How do I publish a remote?", "What is Portico?"],
  },
  {
    pattern: /\b(portico|portal|micro.?front\w*|shell|remotes?)\b/i,
    text: "Portico is a portal for many teams: one login, one frame, and inside it remotes that each team builds and ships "
      + "on its own. The shell brings navigation, session, data access and events; a remote brings what people came for.",
    next: SUGGESTIONS.slice(1, 3),
  },
  {
    pattern: /\b(thanks?|thank you|great|cheers|danke)\b/i,
    text: "You're welcome. I'm here whenever you need me.",
    next: SUGGESTIONS.slice(0, 2),
  },
  {
    pattern: /\b(hi|hello|hey|good (morning|afternoon|evening)|hallo)\b/i,
    text: "Hello! I know my way around this portal. Ask me how it works, or pick one of these.",
    next: SUGGESTIONS.slice(0, 3),
  },
];

const UNKNOWN = {
  text: "I only know about this portal, so I'd rather not guess. I can tell you how remotes are built and verified, where "
    + "your tokens live, who sees what, and how events reach you.",
  next: SUGGESTIONS.slice(0, 3),
};

/**
 * The same answer to the same question, every time.
 *
 * @param {string} question
 * @returns {{ text: string, suggestions: string[] }}
 */
export function compose(question) {
  const topic = TOPICS.find(({ pattern }) => pattern.test(question)) ?? UNKNOWN;
  return { text: topic.text, suggestions: topic.next };
}
