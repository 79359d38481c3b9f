import { adopt, h } from "./kit.js";
import { DirectoryPage } from "./page.js";

/**
 * The organization and its people. This remote's own style sheet is listed in the manifest (`styles`), so the shell
 * fetches, checks and adopts it.
 *
 * @param {HTMLElement} el
 * @param {import("@portico/contracts").PlatformContext} ctx
 */
export function OrgAdminPage(el, ctx) {
  const withdraw = adopt(el);
  const page = new DirectoryPage(ctx);
  const root = h("section", { class: "pk org-admin" }, page.element);
  el.append(root);
  page.start();
  return () => {
    root.remove();
    withdraw();
  };
}
