import type { Todo } from "./api.ts";

export type Urgency = "overdue" | "today" | "soon" | "later";

/** Days from `today` to `date`, both as calendar days such as 2027-03-31. */
export function daysUntil(date: string, today: string): number {
  return Math.round((Date.parse(date) - Date.parse(today)) / 86_400_000);
}

/** The person's calendar day. */
export function calendarDay(now: Date): string {
  const two = (number: number) => String(number).padStart(2, "0");
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

export function urgency(days: number): Urgency {
  if (days < 0) return "overdue";
  if (days === 0) return "today";
  return days <= 3 ? "soon" : "later";
}

/** "Yesterday", "in 3 days", or the date when it is more than a week away. */
export function dueWords(date: string, today: string, locale: string): string {
  const days = daysUntil(date, today);
  if (Math.abs(days) > 7) {
    return new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone: "UTC" }).format(new Date(date));
  }
  const text = new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(days, "day");
  return text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);
}

/** The most urgent first; without a date last; finished ones after all others. */
export function byUrgency(left: Todo, right: Todo): number {
  if (left.done !== right.done) return left.done ? 1 : -1;
  return (left.due ?? "9999").localeCompare(right.due ?? "9999") || left.createdAt.localeCompare(right.createdAt);
}
