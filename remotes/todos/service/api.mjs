import { Problem } from "./http.mjs";
import { requireScope } from "./token.mjs";

/** Characters in a title: a line, not a document. */
const TITLE_LIMIT = 200;
const STATUSES = ["all", "open", "done"];

/**
 * The API that openapi.yaml describes. A caller only ever reaches the list of the organization in the token.
 *
 * @param {{ verify: (authorization?: string) => Promise<import("./token.mjs").Caller>, store: import("./store.mjs").TodoStore }} parts
 * @returns {(request: import("./http.mjs").Request) => Promise<import("./http.mjs").Reply>}
 */
export function todosApi({ verify, store }) {
  return async (request) => {
    const caller = await verify(request.headers.authorization);
    const [, collection, id, ...more] = request.url.pathname.split("/");
    if (collection !== "todos" || more.length > 0) throw notFound();
    const action = (id === undefined ? COLLECTION : ITEM)[request.method];
    if (action === undefined) throw new Problem(405, "Method not allowed", `${request.method} is not offered here.`);
    requireScope(caller, request.method === "GET" ? "todos.read" : "todos.write");
    return action({ list: store.of(caller.orgId), request, id });
  };
}

const COLLECTION = {
  async GET({ list, request }) {
    const status = request.url.searchParams.get("status") ?? "all";
    if (!STATUSES.includes(status)) throw invalid(`status is one of ${STATUSES.join(", ")}.`);
    const items = list.all().filter((todo) => status === "all" || todo.done === (status === "done"));
    return { status: 200, body: { items } };
  },
  async POST({ list, request }) {
    const { title, due } = await request.json() ?? {};
    const todo = list.add({ title: validTitle(title), due: validDue(due) });
    return { status: 201, body: todo, headers: { location: `/todos/${todo.id}` } };
  },
};

const ITEM = {
  async GET({ list, id }) {
    return { status: 200, body: list.get(id) ?? refuseUnknown() };
  },
  async PATCH({ list, request, id }) {
    const { title, done, due } = await request.json() ?? {};
    const change = {};
    if (title !== undefined) change.title = validTitle(title);
    if (due !== undefined) change.due = validDue(due);
    if (done !== undefined) change.done = validDone(done);
    return { status: 200, body: list.change(id, change) ?? refuseUnknown() };
  },
  async DELETE({ list, id }) {
    if (!list.remove(id)) refuseUnknown();
    return { status: 204 };
  },
};

function validTitle(title) {
  const text = typeof title === "string" ? title.trim() : "";
  if (text === "" || text.length > TITLE_LIMIT) throw invalid(`title has 1 to ${TITLE_LIMIT} characters.`);
  return text;
}

function validDue(due) {
  if (due === undefined || due === null) return null;
  if (typeof due === "string" && /^\d{4}-\d{2}-\d{2}$/.test(due) && !Number.isNaN(Date.parse(due))) return due;
  throw invalid("due is a date such as 2027-03-31, or null.");
}

function validDone(done) {
  if (typeof done === "boolean") return done;
  throw invalid("done is true or false.");
}

function invalid(detail) {
  return new Problem(422, "Invalid to-do", detail);
}

/** Another organization's item and one that never was look the same. */
function refuseUnknown() {
  throw notFound();
}

function notFound() {
  return new Problem(404, "Not found", "There is no such to-do.");
}
