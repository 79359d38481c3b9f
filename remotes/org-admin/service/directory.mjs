const DAY = 86_400_000;

/** Name, role, status, hours since last seen. */
const PEOPLE = {
  acme: [
    ["Alice Archer", "admin", "active", 0],
    ["Bob Baker", "member", "active", 3],
    ["Erin Ellis", "member", "active", 20],
    ["Farid Haddad", "member", "active", 26],
    ["Grace Okafor", "admin", "active", 5],
    ["Hiro Tanaka", "member", "invited", null],
    ["Ines Duarte", "member", "active", 150],
    ["Jonas Lindqvist", "member", "suspended", 1400],
  ],
  globex: [
    ["Carol Castillo", "member", "active", 1],
    ["Erin Ellis", "member", "active", 44],
    ["Mara Novak", "admin", "active", 2],
    ["Theo van Dijk", "member", "invited", null],
  ],
};

const FACTS = {
  acme: { name: "Acme", plan: "Standard", region: "Frankfurt", seats: 25, domains: ["acme.example"], since: "2024-03-11" },
  globex: { name: "Globex", plan: "Standard", region: "Dublin", seats: 10, domains: ["globex.example"], since: "2025-01-20" },
};

/**
 * An organization and its people. One that this example does not know has its name and nobody in it.
 *
 * @param {string} orgId
 * @param {Date} now
 */
export function directoryOf(orgId, now) {
  const known = Object.hasOwn(FACTS, orgId);
  const facts = known
    ? FACTS[orgId]
    : { name: orgId, plan: "Standard", region: "Frankfurt", seats: 5, domains: [], since: now.toISOString().slice(0, 10) };
  const members = (known ? PEOPLE[orgId] : []).map((row, index) => member(orgId, facts, now, index, row));
  const used = members.filter(({ status }) => status !== "suspended").length;
  return { organization: { id: orgId, ...facts, seats: { used, total: facts.seats } }, members };
}

function member(orgId, facts, now, index, [name, role, status, hours]) {
  const [first] = name.toLowerCase().split(" ");
  return {
    id: `${orgId}-${index + 1}`,
    name,
    email: `${first}@${facts.domains[0]}`,
    role,
    status,
    lastSeen: hours === null ? null : new Date(now.getTime() - (hours * DAY) / 24).toISOString(),
  };
}
