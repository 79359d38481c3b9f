/**
 * The members that a search and a role leave, in the order of their names.
 *
 * @param {{ name: string, email: string, role: string }[]} members
 * @param {{ text: string, role: string }} wanted `role` may be `all`
 */
export function filterMembers(members, { text, role }) {
  const words = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
  return members
    .filter((member) => role === "all" || member.role === role)
    .filter(({ name, email }) => words.every((word) => `${name} ${email}`.toLowerCase().includes(word)))
    .sort((left, right) => left.name.localeCompare(right.name));
}

/**
 * How long ago, in the largest unit that fits.
 *
 * @param {string | null} date RFC 3339
 * @param {Date} now
 * @param {string} locale
 */
export function since(date, now, locale) {
  if (date === null) return "Never";
  const text = relative(date, now, locale);
  return text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);
}

function relative(date, now, locale) {
  const minutes = (new Date(date).getTime() - now.getTime()) / 60_000;
  const words = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  if (minutes > -5) return "Just now";
  if (minutes > -60) return words.format(Math.round(minutes), "minute");
  if (minutes > -60 * 24) return words.format(Math.round(minutes / 60), "hour");
  if (minutes > -60 * 24 * 45) return words.format(Math.round(minutes / 60 / 24), "day");
  return words.format(Math.round(minutes / 60 / 24 / 30), "month");
}
