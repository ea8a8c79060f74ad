// Bundles, each with what V8 made of its source when it was built: to compile it anew takes half of the time of a start. CommonJS: the loader of
// modules would cost more than it gives.
const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");
const { Script } = require("node:vm");

const DIST = path.join(__dirname, "../dist");

/** By file, what this process has loaded. */
const loaded = new Map();

/** What another version of V8 made is not used. A bundle is one function, in ASCII: to read it as such is ten times faster. */
function compileBundle(file, cachedData) {
  return new Script(readFileSync(file, "latin1"), { filename: file, cachedData });
}

/** Runs it, with the bundles that it requires. */
function loadBundle(name) {
  const file = path.join(DIST, name);
  const script = compileBundle(file, compiled(file));
  loaded.set(file, script);
  const outside = createRequire(file);
  const require = (id) => (id.startsWith("./") ? loadBundle(id) : outside(id));
  const module = { exports: {} };
  script.runInThisContext()(module.exports, Object.assign(require, outside), module, file, path.dirname(file));
  return module.exports;
}

function compiled(file) {
  try {
    return readFileSync(`${file}.cache`);
  } catch {
    return undefined;
  }
}

module.exports = { compileBundle, loadBundle, loaded };
