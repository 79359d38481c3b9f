// Builds the example remotes again as their files change. `scripts/remotes` decides which of them need it; this only
// notices changes, and waits a moment so that one save of many files is one build.
import { spawn } from "node:child_process";
import { watch } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const built = /(^|[\\/])(node_modules|dist)([\\/]|$)/;
const quietMs = 200;

let timer;
let building = false;
let again = false;

watch(join(root, "remotes"), { recursive: true }, (_event, file) => {
  if (!file || built.test(file)) return;
  clearTimeout(timer);
  timer = setTimeout(build, quietMs);
});

// One build at a time; a change during a build asks for one more.
function build() {
  if (building) {
    again = true;
    return;
  }
  building = true;
  spawn(join(root, "scripts/remotes"), { stdio: "inherit" }).on("exit", (status) => {
    if (status !== 0) console.error("a remote did not build; it is tried again at the next change");
    building = false;
    if (again) {
      again = false;
      build();
    }
  });
}
