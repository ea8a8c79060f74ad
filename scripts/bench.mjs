// npm run bench -- kb1 --zones 10,100 : builds the programs, then runs the benchmark from source. Those with real Envoys are in e2e/bench.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const run = (args) => spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" }).status ?? 1;
const args = process.argv.slice(2);
const main = args[0] === "traffic" ? "e2e/bench/main.ts" : "packages/bench/src/main.ts";
const built = run(["scripts/build.mjs"]);
process.exit(built === 0 ? run(["--import", "tsx", "--conditions=@isthmus/source", main, ...args]) : built);
