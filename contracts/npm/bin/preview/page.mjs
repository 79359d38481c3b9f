/**
 * The bare page around one mount of a remote.
 *
 * @param {object} manifest
 * @param {URLSearchParams} query `mount`, `theme` (light, dark), `organization`, `name`, `readonly`
 * @returns {string} HTML
 */
export function previewPage(manifest, query) {
  const places = placesOf(manifest);
  const place = places.find(({ mount }) => mount === query.get("mount")) ?? places[0];
  const theme = query.get("theme") === "dark" ? "dark" : "light";
  const links = places.map(({ mount, title }) => link(title, { mount, theme }, mount === place.mount));
  const other = theme === "dark" ? "light" : "dark";
  return `<!doctype html>
<html lang="en" data-theme="${theme}">
<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escape(place.title)} · ${escape(manifest.displayName)}</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/preview/browser/tokens.css"><link rel="stylesheet" href="/preview/browser/page.css">
<script type="module" src="/preview/browser/boot.js"></script>
<nav>${links.join("")}${link(`In ${other}`, { mount: place.mount, theme: other }, false)}</nav>
<main class="${place.kind}" data-mount="${escape(place.mount)}"><h1>${escape(place.title)}</h1><div id="outlet"></div></main>
</html>`;
}

function placesOf({ frontend, displayName }) {
  const place = (kind) => ({ mount = "mount", title = displayName, slot }) =>
    ({ kind: slot === "home:top" ? `${kind} wide` : kind, mount, title });
  const places = [...(frontend.routes ?? []).map(place("page")), ...(frontend.cards ?? []).map(place("card"))];
  return places.length > 0 ? places : [place("page")({})];
}

function link(title, query, current) {
  return `<a href="/?${escape(new URLSearchParams(query).toString())}"${current ? ' aria-current="page"' : ""}>${escape(title)}</a>`;
}

function escape(text) {
  return text.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);
}
