const DAY = 86_400_000;
const SHARES = [["Todos", 0.38], ["Chat", 0.24], ["Insights", 0.17], ["Organization", 0.12], ["Echo", 0.09]];

/**
 * Believable figures for one organization: the same for the same day, different between organizations.
 *
 * @param {string} orgId
 * @param {Date} now
 * @param {number} days
 */
export function summary(orgId, now, days) {
  const today = Math.floor(now.getTime() / DAY);
  const series = Array.from({ length: days }, (_, index) => day(orgId, today - days + 1 + index));
  const before = Array.from({ length: days }, (_, index) => day(orgId, today - 2 * days + 1 + index));
  const people = peak(series, "people");
  const actions = sum(series, "actions");
  return {
    from: series[0].date,
    to: series.at(-1).date,
    figures: [
      { id: "people", label: "Active people", value: people, change: change(people, peak(before, "people")) },
      { id: "actions", label: "Actions", value: actions, change: change(actions, sum(before, "actions")) },
      { id: "response", label: "Median response", value: 70 + noise(orgId, today, 3) * 50, unit: "ms", change: -0.06, lowerIsBetter: true },
      { id: "availability", label: "Availability", value: 0.9991 + noise(orgId, today, 4) * 0.0008, unit: "share", change: 0.0002 },
    ],
    series,
    remotes: SHARES.map(([name, share], index) => ({
      name,
      actions: Math.round(actions * share * (0.85 + noise(orgId, index, 5) * 0.3)),
    })).sort((left, right) => right.actions - left.actions),
  };
}

/**
 * @param {string} orgId
 * @param {Date} now
 */
export function live(orgId, now) {
  const tick = Math.floor(now.getTime() / 5_000);
  const at = (back) => Math.round(size(orgId) * (0.16 + noise(orgId, tick - back, 6) * 0.05));
  return {
    at: now.toISOString(),
    people: at(0),
    actionsPerMinute: Math.round(at(0) * (1.6 + noise(orgId, tick, 7))),
    recent: Array.from({ length: 24 }, (_, index) => at(23 - index)),
  };
}

/** Weekdays are busy, week-ends quiet, and there is a slow upward trend. */
function day(orgId, number) {
  const date = new Date(number * DAY);
  const weekend = [0, 6].includes(date.getUTCDay());
  const trend = 1 + Math.sin(number / 19) * 0.08 + (number % 365) / 2_400;
  const people = Math.round(size(orgId) * (weekend ? 0.22 : 0.74) * trend * (0.92 + noise(orgId, number, 1) * 0.16));
  return { date: date.toISOString().slice(0, 10), people, actions: Math.round(people * (7 + noise(orgId, number, 2) * 4)) };
}

function size(orgId) {
  return 120 + Math.floor(noise(orgId, 0, 9) * 240);
}

/** 0 to 1, from the FNV-1a hash (32 bit) of what it is for. */
function noise(orgId, number, salt) {
  let hash = 0x811c9dc5;
  for (const character of `${orgId}/${number}/${salt}`) {
    hash = Math.imul(hash ^ character.codePointAt(0), 0x01000193);
  }
  // The last characters alone would hardly move the high bits, so mix once more.
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 12)) >>> 0) / 2 ** 32;
}

const sum = (series, key) => series.reduce((total, item) => total + item[key], 0);
const peak = (series, key) => Math.max(...series.map((item) => item[key]));
const change = (value, before) => (before === 0 ? 0 : value / before - 1);
