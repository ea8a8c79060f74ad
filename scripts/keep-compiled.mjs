// Lays beside each bundle what V8 has compiled of it once its program ran: also of functions that nobody had asked for when it was built, which it
// would compile one by one at every start. A global, a zone and a command are run for that, as processes that this file is the entry of:
//   node scripts/keep-compiled.mjs ARGUMENTS-OF-ISTHMUS    ends when it is told to, or by itself
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { compileBundle, loadBundle, loaded } from "../packages/cli/bin/bundle.js";

const SELF = fileURLToPath(import.meta.url);
/** More than enough on a busy machine; a build goes on without. */
const LIMIT_MS = 30_000;
/** Twice, so that what a first start runs and what a later one runs are both kept. */
const STARTS = 2;
/** For what follows a connection: the first resources of the sync. */
const SYNC_MS = 300;
const LISTENERS = ["apiServer.http", "apiServer.https", "diagnostics", "dpServer", "multizone.global.kds"];
const PORTS = ["apiServer.http.port", "apiServer.https.port", "diagnostics.serverPort", "dpServer.port"];
const LOOPBACK = [
  "--set",
  ...PORTS.map((path) => `${path}=0`),
  ...LISTENERS.map((path) => `${path}.interface=127.0.0.1`),
];

if (process.argv[1] === SELF) {
  process.on("exit", writeCompiled);
  process.on("message", () => process.exit(0));
  process.channel?.unref();
  loadBundle(["global", "zone"].includes(process.argv[2]) ? "./isthmus-service.cjs" : "./isthmus.cjs");
}

/** What was there before stays where a program does not start, such as without a network; with `CI=true` that fails. */
export async function keepCompiled() {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-build-"));
  const children = [];
  try {
    for (let start = 0; start < STARTS; start += 1) {
      await run(children, ["--version"]).ended;
      const port = await freePort();
      const data = join(folder, "global");
      const global = run(children, ["global", "--data", data, ...LOOPBACK, `multizone.global.kds.grpcPort=${port}`]);
      await global.wrote('"ready"');
      const zone = ["--name", "zone", "--global", `grpcs://127.0.0.1:${port}`, "--ca", join(data, "kuma-cp.crt")];
      const joined = run(children, ["zone", "--data", join(folder, "zone"), ...zone, ...LOOPBACK]);
      await Promise.all([joined, global].map((each) => each.wrote('"connected"')));
      await setTimeout(SYNC_MS);
      await Promise.all([joined.end(), global.end()]);
    }
  } catch (error) {
    if (process.env.CI === "true") throw error;
    console.warn(`starts will take longer, for no program could be run: ${error.message}`);
  } finally {
    for (const child of children) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(children, args) {
  const child = spawn(process.execPath, [SELF, ...args], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    timeout: LIMIT_MS,
  });
  children.push(child);
  let output = "";
  const heard = new Set();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += chunk;
      for (const hear of heard) hear();
    });
  }
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve() : reject(new Error(`${args[0]} ended\n${output}`))));
  });
  return {
    ended,
    wrote: (text) =>
      Promise.race([
        ended.then(() => Promise.reject(new Error(`${args[0]} ended before it wrote ${text}`))),
        new Promise((resolve) => {
          const hear = () => output.includes(text) && resolve();
          heard.add(hear);
          hear();
        }),
      ]),
    end: () => {
      child.send("end");
      return ended;
    },
  };
}

/** Flags that the program sets would make V8 refuse what it compiled, for a new process has them not yet. */
function writeCompiled() {
  setFlagsFromString("--heap-growing-percent=0");
  for (const [file, script] of loaded) {
    const compiled = script.createCachedData();
    if (compileBundle(file, compiled).cachedDataRejected === false) writeFileSync(`${file}.cache`, compiled);
  }
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
