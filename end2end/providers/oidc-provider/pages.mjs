/** The sign-in form. */
export function loginPage(uid, hint, failed) {
  const problem = failed ? "<p role=\"alert\">User name or password is wrong.</p>" : "";
  return page("Sign in", `${problem}<form method="post" action="/interaction/${uid}">
    <label>User name <input name="username" value="${escape(hint)}" autocomplete="username" required></label>
    <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
    <button>Sign in</button></form>`);
}

/** What `oidc-provider` shows before it ends a session at a client's wish. */
export function logoutPage(ctx, form) {
  ctx.body = page("Sign out", `${form}<button form="op.logoutForm" name="logout" value="yes">Sign out</button>`);
}

/** What it shows after that, where no client has a page of its own. */
export function signedOutPage(ctx) {
  ctx.body = page("Signed out", "");
}

function page(title, body) {
  return `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>${title}</title><h1>${title}</h1>${body}</html>`;
}

function escape(text) {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
