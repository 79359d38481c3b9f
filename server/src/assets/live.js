// Keeps what is marked `data-now` as the server says it is, without leaving the page. It changes nothing while a person
// reads by selecting or has the focus inside, and says so when what is shown may no longer be true.
const EVERY = 5000;
const region = () => document.querySelector("[data-now]");

function isInUse(element) {
  const selection = document.getSelection();
  return element.contains(document.activeElement) || (selection?.isCollapsed === false && element.contains(selection.anchorNode));
}

async function refresh() {
  const current = region();
  if (!current || document.hidden || isInUse(current)) return;
  let fresh = null;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" }, signal: AbortSignal.timeout(2 * EVERY) });
    if (answer.ok) fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-now]");
  } catch {}
  if (isInUse(current)) return;
  if (fresh) current.replaceWith(document.adoptNode(fresh));
  for (const mark of document.querySelectorAll(".verdict-stale")) mark.hidden = fresh !== null;
}

setInterval(refresh, EVERY);
document.addEventListener("visibilitychange", refresh);
