// npm run bench -- kb1 --zones 10,100 : builds the programs, then runs the benchmark from source.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const run = (args) => spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" }).status ?? 1;
const built = run(["scripts/build.mjs"]);
process.exit(
  built === 0
    ? run(["--import", "tsx", "--conditions=@isthmus/source", "packages/bench/src/main.ts", ...process.argv.slice(2)])
    : built,
);
