import { previewContext } from "./context.js";

// Mounts the remote into a shadow root, as the shell does.
const main = document.querySelector("main");
const manifest = await (await fetch("/preview/manifest")).json();
const root = document.querySelector("#outlet").attachShadow({ mode: "open" });
for (const { href } of manifest.frontend.styles ?? []) {
  const sheet = new CSSStyleSheet();
  await sheet.replace(await (await fetch(`/dist/${href}`)).text());
  root.adoptedStyleSheets.push(sheet);
}
const el = document.createElement("div");
root.append(el);

try {
  const remote = await import(`/dist/${manifest.frontend.entry}`);
  const ending = new AbortController();
  const context = await previewContext(manifest, main.dataset.mount, ending.signal);
  const unmount = await remote[main.dataset.mount](el, context);
  // For trying from the console: nothing may be left behind.
  globalThis.preview = {
    async unmount() {
      ending.abort();
      await unmount();
      return { children: el.childElementCount, sheets: root.adoptedStyleSheets.length };
    },
  };
  main.dataset.state = "mounted";
} catch (error) {
  main.dataset.state = "failed";
  el.textContent = `Mounting failed: ${error.message}`;
  throw error;
}
