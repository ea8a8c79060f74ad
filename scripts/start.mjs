// npm start: builds if something changed, then runs the demo. Arguments go to `isthmus demo`: npm start -- --zones 5
import { spawn, spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { envoyTool } from "./envoy-tool.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const built = spawnSync(process.execPath, ["scripts/build.mjs"], { cwd: root, stdio: "inherit" });
if (built.status !== 0) process.exit(built.status ?? 1);
const args = process.argv.slice(2);
if (!args.includes("--no-proxies")) {
  const { why } = envoyTool(() => console.log("getting Envoy for the proxies of the demo, once (python3 -m pip)"));
  if (why !== undefined) console.log(`no Envoy for the proxies of the demo: ${why}`);
}
const demo = spawn(process.execPath, ["packages/cli/bin/isthmus.js", "demo", ...args], { cwd: root, stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => demo.kill(signal));
demo.on("exit", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
