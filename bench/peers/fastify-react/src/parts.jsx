// What pages are made of, and what is worked out from the state for each of them.
export function Icon({ name }) {
  return <svg className="icon" width="20" height="20" aria-hidden="true"><use href={`#i-${name}`} /></svg>;
}

export function Tile({ id, name }) {
  return <span className={`tile tint-${tint(id)}`} aria-hidden="true">{name[0]}</span>;
}

/** FNV-1a, as the portal has it. */
function tint(id) {
  let hash = 0x811c9dc5;
  for (const character of id) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0;
  return hash % 8;
}

/** The navigation: sections by their first entry's order, entries by order. */
export function sections(state) {
  const sections = new Map();
  for (const application of state.applications) {
    for (const route of application.routes) {
      if (!route.nav) continue;
      const item = { application, title: route.title, path: route.path, order: route.nav.order };
      const items = sections.get(route.nav.section);
      if (items) items.push(item);
      else sections.set(route.nav.section, [item]);
    }
  }
  const list = [...sections].map(([title, items]) => ({ title, items: items.sort((a, b) => a.order - b.order) }));
  return list.sort((a, b) => a.items[0].order - b.items[0].order);
}
