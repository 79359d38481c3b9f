import { html, nothing, svg, type TemplateResult } from "lit";
import type { Todo } from "./api.ts";
import { calendarDay, daysUntil, dueWords, urgency } from "./due.ts";
import { isDraft } from "./model.ts";

const TONES = { overdue: "danger", today: "warning", soon: "", later: "" };

interface RowActions {
  locale: string;
  /** None where the person may only read. */
  complete?: (todo: Todo, done: boolean) => void;
  remove?: (todo: Todo) => void;
}

/** One item with its check mark, when it is due, and a way to delete it. */
export function row(todo: Todo, { locale, complete, remove }: RowActions): TemplateResult {
  const waiting = isDraft(todo);
  return html`<li class=${todo.done ? "todo done" : "todo"} data-id=${todo.id}>
    <label class="grow row">
      <input type="checkbox" class="check" .checked=${todo.done} ?disabled=${waiting || complete === undefined}
        @change=${(event: Event) => complete?.(todo, (event.currentTarget as HTMLInputElement).checked)}>
      <span class="title grow">${todo.title}</span>
    </label>
    ${todo.due === null ? nothing : due(todo.due, todo.done, locale)}
    ${remove === undefined ? nothing : html`<button class="button plain icon remove" type="button" ?disabled=${waiting}
      aria-label=${`Delete "${todo.title}"`} @click=${() => remove(todo)}>${bin}</button>`}
  </li>`;
}

/** A state in words, with what to do about it. */
export function state(title: string, text: string, action: TemplateResult | typeof nothing = nothing): TemplateResult {
  return html`<div class="state">${tick}<h3>${title}</h3><p>${text}</p>${action}</div>`;
}

/** The list could not be read. */
export function failure(reason: string, retry: () => void): TemplateResult {
  return html`<div class="state" role="alert">${warning}<h3>The list could not be loaded</h3><p>${reason}</p>
    <button class="button" type="button" @click=${retry}>Try again</button></div>`;
}

/** Rows of the right height while the list is read. */
export function bones(count: number): TemplateResult {
  const widths = ["w70", "w50", "w60"];
  const bone = (_: unknown, index: number) => html`<li class="todo">
    <span class="bone dot"></span><span class=${`bone text ${widths[index % 3]}`}></span></li>`;
  return html`<ul class="list" aria-hidden="true">${Array.from({ length: count }, bone)}</ul>`;
}

function due(date: string, done: boolean, locale: string): TemplateResult {
  const today = calendarDay(new Date());
  const tone = done ? "" : TONES[urgency(daysUntil(date, today))];
  return html`<time class=${`badge ${tone}`} datetime=${date}><span class="sr">due </span>${dueWords(date, today, locale)}</time>`;
}

const line = (d: string, size: number) => html`<svg width=${size} height=${size} viewBox="0 0 20 20" aria-hidden="true">${svg`<path d=${d}
  fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"/>`}</svg>`;
const bin = line(
  "M4 5.5h12M8 5.5V4a1 1 0 0 1 1-1h2a1 1 0 0 1 1 1v1.5M5.5 5.5l.6 9.6a1.5 1.5 0 0 0 1.5 1.4h4.8a1.5 1.5 0 0 0 1.5-1.4l.6-9.6M8.5 9v4.5M11.5 9v4.5",
  16,
);
const warning = line("M10 6.5v4M10 13.4v.1M8.7 3.6 2.6 14.2A1.5 1.5 0 0 0 3.9 16.5h12.2a1.5 1.5 0 0 0 1.3-2.3L11.3 3.6a1.5 1.5 0 0 0-2.6 0Z", 28);
const tick = line("M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15ZM6.8 10.2l2.2 2.2 4.3-4.6", 28);
