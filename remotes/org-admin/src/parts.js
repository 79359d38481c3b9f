import { since } from "./filter.js";
import { h } from "./kit.js";

const TONES = { active: "success", invited: "accent", suspended: "warning" };
/** Hues, in degrees, that neighbours in a list are told apart by. */
const HUES = [255, 20, 150, 320, 85, 200];

/** The organization in a row of facts. */
export function facts({ name, plan, region, seats, domains, since: start }, locale) {
  const founded = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeZone: "UTC" }).format(new Date(start));
  const used = h("span", { class: "fill" });
  used.style.inlineSize = `${Math.min(100, (seats.used / Math.max(seats.total, 1)) * 100)}%`;
  return [
    fact("Organization", name, domains.join(", ")),
    fact("Plan", plan, `Data in ${region}`),
    fact("Seats", h("span", { class: "num" }, `${seats.used} of ${seats.total}`), h("span", { class: "track", "aria-hidden": "true" }, used)),
    fact("Since", founded),
  ];
}

export function factsBone() {
  return Array.from({ length: 4 }, () => h("div", {}, h("div", { class: "bone label" }), h("div", { class: "bone value" })));
}

/** A member as a table row. */
export function memberRow(member, now, locale) {
  const person = h("div", { class: "person" }, avatar(member),
    h("div", { class: "grow" }, h("div", { class: "name" }, member.name), h("div", { class: "muted small email" }, member.email)));
  const status = h("span", { class: `badge ${TONES[member.status] ?? ""}` }, capital(member.status));
  return h("tr", {}, h("th", { scope: "row" }, person), h("td", { "data-label": "Role" }, capital(member.role)),
    h("td", { "data-label": "Status" }, status), h("td", { class: "muted", "data-label": "Last seen" }, since(member.lastSeen, now, locale)));
}

export function rowBone() {
  return h("tr", { "aria-hidden": "true" }, h("td", { colspan: "4" }, h("div", { class: "bone line" })));
}

function fact(label, value, detail) {
  return h("div", {}, h("dt", { class: "muted small" }, label), h("dd", { class: "fact" }, value),
    detail ? h("dd", { class: "muted small" }, detail) : null);
}

function avatar({ name }) {
  const initials = name.split(" ").map((word) => word[0]).filter(Boolean);
  const circle = h("span", { class: "avatar", "aria-hidden": "true" }, [initials[0], initials.length > 1 ? initials.at(-1) : ""].join(""));
  const sum = [...name].reduce((total, character) => total + character.codePointAt(0), 0);
  circle.style.setProperty("--hue", HUES[sum % HUES.length]);
  return circle;
}

function capital(word) {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
