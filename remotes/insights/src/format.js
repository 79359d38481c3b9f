/**
 * Numbers and dates as the person's language writes them.
 *
 * @param {string} locale BCP 47
 */
export function formats(locale) {
  const number = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
  const compact = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 });
  const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 2 });
  const change = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1, signDisplay: "exceptZero" });
  const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone: "UTC" });
  const longDay = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" });
  const weekday = new Intl.DateTimeFormat(locale, { weekday: "short", timeZone: "UTC" });
  return {
    weekday: (date) => weekday.format(new Date(date)),
    number: (value) => number.format(value),
    compact: (value) => compact.format(value),
    change: (value) => change.format(value),
    day: (date) => day.format(new Date(date)),
    longDay: (date) => longDay.format(new Date(date)),
    /** A headline figure with its unit. */
    figure({ value, unit }) {
      if (unit === "share") return percent.format(value);
      if (unit === "ms") return `${number.format(value)} ms`;
      return number.format(value);
    },
  };
}
