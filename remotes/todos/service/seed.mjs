/** What each demo organization is working on: title, days until due, done. */
const SEEDS = {
  acme: [
    ["Review the Q4 supplier contracts", 1, false],
    ["Send the revised quote to Northwind", 0, false],
    ["Prepare the safety briefing for the new line", 3, false],
    ["Book the venue for the spring off-site", 9, false],
    ["Renew the fleet insurance", 12, false],
    ["Sign off the packaging redesign", -1, false],
    ["Order sample parts for the pilot run", null, true],
    ["Update the on-call rota", -2, true],
  ],
  globex: [
    ["Draft the expansion plan for the Lisbon office", 2, false],
    ["Compare bids for the solar roof", 5, false],
    ["Interview two candidates for field support", 1, false],
    ["Close the books for last month", -1, true],
    ["Translate the onboarding guide", null, false],
  ],
};

const OTHERS = [
  ["Invite your team", null, false],
  ["Add the first thing you want done", null, false],
];

/**
 * @param {string} orgId
 * @param {Date} today
 * @returns {{ title: string, due: string | null, done: boolean }[]}
 */
export function seedFor(orgId, today) {
  const rows = Object.hasOwn(SEEDS, orgId) ? SEEDS[orgId] : OTHERS;
  return rows.map(([title, days, done]) => ({ title, due: days === null ? null : dateIn(today, days), done }));
}

function dateIn(today, days) {
  const date = new Date(today);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}
