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
let building;
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
  // A process group of its own, so that all of a build can be ended.
  building = spawn(join(root, "scripts/remotes"), { stdio: "inherit", detached: true }).on("exit", (status) => {
    if (status !== 0) console.error("What does not build stays as it was, and is tried again at the next change");
    building = undefined;
    if (again) {
      again = false;
      build();
    }
  });
}

// Nothing is left to build once nobody watches.
process.on("SIGTERM", () => {
  if (building?.pid) process.kill(-building.pid);
  process.exit();
});
