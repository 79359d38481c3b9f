import { Conversation } from "./conversation.js";

/** One conversation per person and organization, kept while the page lives and never written to storage. */
const conversations = new Map();

/**
 * The conversation a person left off, so that walking to another page and back loses nothing.
 *
 * @param {Pick<import("@portico/contracts").PlatformContext, "orgId" | "user">} ctx
 * @returns {Conversation}
 */
export function conversationFor(ctx) {
  const key = JSON.stringify([ctx.orgId, ctx.user.sub]);
  const kept = conversations.get(key) ?? new Conversation();
  conversations.set(key, kept);
  return kept;
}
