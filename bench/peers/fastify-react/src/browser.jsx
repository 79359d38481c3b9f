// What the browser downloads to hydrate the same page: React and the page's components, without router, bridge or events.
import { hydrateRoot } from "react-dom/client";
import { Page } from "./page.jsx";

const state = JSON.parse(document.getElementById("portico-state").textContent);
hydrateRoot(document.body, <Page state={state} />);
