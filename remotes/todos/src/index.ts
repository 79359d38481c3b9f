import type { PlatformContext, Unmount } from "@portico/contracts";
import { TodosCardElement } from "./card.ts";
import { TodosPageElement } from "./page.ts";

type TodosElement = HTMLElement & { ctx: PlatformContext };

/** The page at /todos. */
export const TodosPage = (el: HTMLElement, ctx: PlatformContext): Unmount => show("portico-todos-page", TodosPageElement, el, ctx);

/** What is due next, for the home page. */
export const TodosCard = (el: HTMLElement, ctx: PlatformContext): Unmount => show("portico-todos-card", TodosCardElement, el, ctx);

function show(tag: string, type: new () => TodosElement, el: HTMLElement, ctx: PlatformContext): Unmount {
  const element = document.createElement(define(tag, type)) as TodosElement;
  element.ctx = ctx;
  el.append(element);
  return () => element.remove();
}

/** Names of custom elements are the page's: another version of this remote, or a retry, may have taken one already. */
function define(tag: string, type: CustomElementConstructor): string {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? tag : `${tag}-${number}`;
    const taken = customElements.get(name);
    if (taken === type) return name;
    if (taken === undefined) {
      customElements.define(name, type);
      return name;
    }
  }
}
