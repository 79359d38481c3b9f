import { signedIn } from "./accounts.mjs";
import { loginPage } from "./pages.mjs";

/** In bytes: a name and a password. */
const LONGEST_FORM = 4096;

/**
 * The pages between a login's beginning and its end.
 *
 * @returns {(request, response) => Promise<boolean>} whether the request was for one of them
 */
export function interactions(provider) {
  return async (request, response) => {
    const uid = /^\/interaction\/([\w-]+)$/.exec(new URL(request.url, "http://localhost").pathname)?.[1];
    if (uid === undefined) return false;
    const { params } = await provider.interactionDetails(request, response);
    const form = request.method === "POST" ? await read(request) : undefined;
    const accountId = form && signedIn(form.get("username") ?? "", form.get("password") ?? "");
    if (accountId !== undefined) {
      await provider.interactionFinished(request, response, { login: { accountId } });
    } else {
      response.writeHead(200, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" });
      response.end(loginPage(uid, params.login_hint ?? "", form !== undefined));
    }
    return true;
  };
}

async function read(request) {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) {
    text += chunk;
    if (text.length > LONGEST_FORM) throw new Error("the form is too long");
  }
  return new URLSearchParams(text);
}
