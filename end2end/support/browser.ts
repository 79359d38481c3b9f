import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** What distributions call it, in the order that scripts/setup.d/system.sh looks. */
const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The path of the distribution's Chromium; `CHROMIUM` names another one. */
export function browserPath(): string {
  const named = process.env["CHROMIUM"];
  if (named) return named;
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const candidates = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  const found = candidates.find(isProgram);
  if (found === undefined) throw new Error("There is no Chromium on PATH. Run scripts/setup test, or set CHROMIUM to its path.");
  return found;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
