// Bundles, each with what V8 made of its source when it was built: to compile it anew takes half of the time of a start.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { compileFunction } from "node:vm";

const PARAMETERS = ["exports", "require", "module", "__filename", "__dirname"];
const dist = new URL("../dist/", import.meta.url);

/** What another version of V8 made is not used. */
export function compileBundle(file, options) {
  return compileFunction(readFileSync(file, "utf8"), PARAMETERS, { filename: file, ...options });
}

/** Runs it, with the bundles that it requires. */
export function loadBundle(name) {
  const file = fileURLToPath(new URL(name, dist));
  const outside = createRequire(file);
  const require = (id) => (id.startsWith("./") ? loadBundle(id) : outside(id));
  const module = { exports: {} };
  const run = compileBundle(file, { cachedData: compiled(file) });
  run(module.exports, Object.assign(require, outside), module, file, dirname(file));
  return module.exports;
}

function compiled(file) {
  try {
    return readFileSync(`${file}.cache`);
  } catch {
    return undefined;
  }
}
