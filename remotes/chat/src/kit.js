// The few functions that the example remotes without a framework build their pages from.
// Shared by copy (remotes/scripts/sync.mjs keeps the copies in step).
import css from "./kit.css?text";

/** 20 px line icons, as the `d` of one path each. */
const ICONS = {
  alert: "M10 6.5v4M10 13.4v.1M8.7 3.6 2.6 14.2A1.5 1.5 0 0 0 3.9 16.5h12.2a1.5 1.5 0 0 0 1.3-2.3L11.3 3.6a1.5 1.5 0 0 0-2.6 0Z",
  chat: "M4 4.5h12a1.5 1.5 0 0 1 1.5 1.5v7a1.5 1.5 0 0 1-1.5 1.5H9L5.5 17v-2.5H4A1.5 1.5 0 0 1 2.5 13V6A1.5 1.5 0 0 1 4 4.5Z",
  send: "M10 16V4.5M5 9.2l5-5 5 5",
  repeat: "M4 9V8a3 3 0 0 1 3-3h8.5M13 2.5 15.5 5 13 7.5M16 11v1a3 3 0 0 1-3 3H4.5M7 17.5 4.5 15 7 12.5",
  people: "M7.5 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2 16.5c0-2.8 2.4-4.5 5.5-4.5s5.5 1.7 5.5 4.5M13 4a3 3 0 0 1 0 5.3M15 12.4c1.9.6 3 2.1 3 4.1",
  search: "M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12ZM13.5 13.5 17 17",
};
const SVG = "http://www.w3.org/2000/svg";

/**
 * An element with properties and children. `class`, `aria-*`, `data-*` and other names become attributes, `on*`
 * functions become listeners; `false`, `null` and `undefined` leave an attribute or child out.
 *
 * @param {string} tag
 * @param {Record<string, unknown>} [properties]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElement}
 */
export function h(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

/** The same for SVG. */
export function svg(tag, properties = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

/** @param {keyof typeof ICONS} name */
export function icon(name, size = 20) {
  const stroke = { fill: "none", stroke: "currentColor", "stroke-width": 1.5, "stroke-linecap": "round", "stroke-linejoin": "round" };
  const box = { width: size, height: size, viewBox: "0 0 20 20", "aria-hidden": "true" };
  return svg("svg", box, svg("path", { d: ICONS[name], ...stroke }));
}

/** A state in words: nothing here yet, or something went wrong; with what to do about it. */
export function state({ image, title, text, action, label, role }) {
  const button = action && h("button", { class: "button", type: "button", onclick: action }, label);
  return h("div", { class: "state", role }, icon(image, 28), h("h3", {}, title), h("p", {}, text), button);
}

/**
 * Adds style sheets to the root that `el` stands in. A `<style>` element would be refused by the portal's CSP.
 *
 * @param {HTMLElement} el
 * @param {...string} texts CSS
 * @returns {() => void} removes them again
 */
export function adopt(el, ...texts) {
  const root = el.getRootNode();
  const sheets = [css, ...texts].map((text) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    return sheet;
  });
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, ...sheets];
  return () => {
    root.adoptedStyleSheets = root.adoptedStyleSheets.filter((sheet) => !sheets.includes(sheet));
  };
}

/**
 * The JSON of an answer, or an error in words for the person: those of its problem details (RFC 9457) where it has any.
 *
 * @param {Promise<Response>} answer
 */
export async function readAnswer(answer) {
  const response = await answer.catch((cause) => {
    throw new Error("The portal could not be reached. Check your connection and try again.", { cause });
  });
  if (response.ok) return response.json();
  const problem = await response.json().catch(() => ({}));
  throw new Error(problem.detail ?? `The service answered with status ${response.status}.`);
}

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}
