/** The systems that a round can drive, each as a process of its own on free ports with a temporary data folder. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually, freePorts } from "@isthmus/testkit";

export interface System {
  readonly name: string;
  /** `https://127.0.0.1:<KDS port>` */
  readonly kdsUrl: string;
  readonly restUrl: string;
  readonly pid: number;
  /** From the start of the process to being ready, ms. */
  readonly readyMs: number;
  /** Whether SIGUSR2 makes the process collect its garbage; see gc-on-signal.mjs. */
  readonly collectsOnSignal: boolean;
  stop(): Promise<void>;
}

const here = dirname(fileURLToPath(import.meta.url));
const isthmusCommand = join(here, "../../cli/bin/isthmus.js");

export async function startIsthmus(store: "memory" | "lmdb"): Promise<System> {
  const [kds = 0] = await freePorts(1);
  return startProgram("global", store, {
    "multizone.global.kds.interface": "127.0.0.1",
    "multizone.global.kds.grpcPort": kds,
  });
}

export interface Zone extends System {
  /** `https://127.0.0.1:<port of the data-plane server>` */
  readonly proxiesUrl: string;
}

/** A zone of its own, or under a global that `startIsthmus` made. Proxies need no token. */
export async function startZone(name: string, store: "memory" | "lmdb", global?: System): Promise<Zone> {
  const [proxies = 0] = await freePorts(1);
  const program = await startProgram("zone", store, {
    "multizone.zone.name": name,
    "dpServer.interface": "127.0.0.1",
    "dpServer.port": proxies,
    "dpServer.authn.dpProxy.type": "none",
    "dpServer.authn.zoneProxy.type": "none",
    ...(global === undefined
      ? {}
      : {
          "multizone.zone.globalAddress": global.kdsUrl.replace("https", "grpcs"),
          "multizone.zone.kds.tlsSkipVerify": "true",
        }),
  });
  return { ...program, proxiesUrl: `https://127.0.0.1:${proxies}` };
}

async function startProgram(
  role: "global" | "zone",
  store: "memory" | "lmdb",
  own: Readonly<Record<string, string | number>>,
): Promise<System> {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-bench-"));
  const [rest = 0, diagnostics = 0] = await freePorts(2);
  const settings = {
    "general.workDir": folder,
    "store.type": store,
    "apiServer.http.port": rest,
    "apiServer.http.interface": "127.0.0.1",
    "apiServer.https.enabled": "false",
    "diagnostics.interface": "127.0.0.1",
    "diagnostics.serverPort": diagnostics,
    "log.level": "error",
    ...own,
  };
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [
      "--expose-gc",
      "--import",
      join(here, "gc-on-signal.mjs"),
      isthmusCommand,
      role,
      ...Object.entries(settings).flatMap(([k, v]) => ["--set", `${k}=${v}`]),
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  await eventually(async () => (await fetch(`http://127.0.0.1:${diagnostics}/ready`)).ok, {
    intervalMs: 5,
    what: `isthmus ${role} ready`,
  });
  const kds = Number(own["multizone.global.kds.grpcPort"] ?? 0);
  return system(`isthmus (${store})`, child, kds, rest, performance.now() - started, () =>
    rmSync(folder, { recursive: true, force: true }),
  );
}

/** A real kuma-cp from the folder that KUMA_BIN names, driven by the same generator. */
export async function startKuma(binFolder: string): Promise<System> {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-bench-"));
  const [kds = 0, rest = 0, https = 0, diagnostics = 0, dp = 0, mads = 0, interCp = 0] = await freePorts(7);
  const started = performance.now();
  const child = spawn(join(binFolder, "kuma-cp"), ["run", "--log-level", "off"], {
    stdio: "ignore",
    env: {
      ...process.env,
      KUMA_MODE: "global",
      KUMA_ENVIRONMENT: "universal",
      KUMA_STORE_TYPE: "memory",
      KUMA_GENERAL_WORK_DIR: folder,
      KUMA_REPORTS_ENABLED: "false",
      KUMA_API_SERVER_HTTP_PORT: String(rest),
      KUMA_API_SERVER_HTTPS_PORT: String(https),
      KUMA_DIAGNOSTICS_SERVER_PORT: String(diagnostics),
      KUMA_DP_SERVER_PORT: String(dp),
      KUMA_MONITORING_ASSIGNMENT_SERVER_PORT: String(mads),
      KUMA_INTER_CP_SERVER_PORT: String(interCp),
      KUMA_INTER_CP_CATALOG_INSTANCE_ADDRESS: "127.0.0.1",
      KUMA_MULTIZONE_GLOBAL_KDS_GRPC_PORT: String(kds),
    },
  });
  await eventually(
    async () => (await fetch(`http://127.0.0.1:${rest}/hostnamegenerators/synced-mesh-external-service`)).ok,
    {
      intervalMs: 20,
      what: "kuma-cp ready",
    },
  );
  return system("kuma 2.14.3", child, kds, rest, performance.now() - started, () =>
    rmSync(folder, { recursive: true, force: true }),
  );
}

/** The floor server; see floor-server.ts. `certificate` is any certificate and key, for instance an Isthmus global's. */
export async function startFloor(): Promise<System> {
  const folder = mkdtempSync(join(tmpdir(), "isthmus-bench-"));
  const started = performance.now();
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "--conditions=@isthmus/source", join(here, "floor-main.ts"), folder],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once("data", (data: Buffer) => resolve(data.toString()));
    child.once("exit", (code) => reject(new Error(`floor server ended with ${code}`)));
  });
  const ports: { kds: number; rest: number } = JSON.parse(line);
  return system("floor", child, ports.kds, ports.rest, performance.now() - started, () =>
    rmSync(folder, { recursive: true, force: true }),
  );
}

/** Version of the repository's commit, for reports. */
export function commit(): string {
  try {
    const head = readFileSync(join(here, "../../../.git/HEAD"), "utf8").trim();
    const ref = /^ref: (.+)$/.exec(head)?.[1];
    return (ref ? readFileSync(join(here, "../../../.git", ref), "utf8").trim() : head).slice(0, 10);
  } catch {
    return "unknown";
  }
}

function system(
  name: string,
  child: ChildProcess,
  kds: number,
  rest: number,
  readyMs: number,
  cleanUp: () => void,
): System {
  const stopOnExit = () => child.kill("SIGKILL");
  process.once("exit", stopOnExit);
  return {
    name,
    kdsUrl: `https://127.0.0.1:${kds}`,
    restUrl: `http://127.0.0.1:${rest}`,
    pid: child.pid ?? 0,
    readyMs,
    collectsOnSignal: name.startsWith("isthmus"),
    async stop() {
      process.off("exit", stopOnExit);
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
      cleanUp();
    },
  };
}
