/** One control plane of a test: a real process of the `isthmus` command on free ports with a folder of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ApiClient, type RestResource } from "@isthmus/api";
import { eventually } from "@isthmus/testkit";

export const COMMAND = join(import.meta.dirname, "../../packages/cli/bin/isthmus.js");

/** Generous: tests run beside others on a small machine. */
const READY_MS = 90_000;

export interface ControlPlaneOptions {
  readonly role: "global" | "zone";
  readonly name: string;
  readonly folder: string;
  readonly settings: Readonly<Record<string, string | number>>;
  readonly restPort: number;
  readonly diagnosticsPort: number;
  readonly kdsPort?: number;
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export class ControlPlane {
  readonly name: string;
  readonly options: ControlPlaneOptions;
  readonly api: ApiClient;
  #child: ChildProcess | undefined;
  #exit: Promise<number | NodeJS.Signals> | undefined;

  constructor(options: ControlPlaneOptions) {
    this.name = options.name;
    this.options = options;
    this.api = new ApiClient({ baseUrl: this.restUrl, timeoutMs: READY_MS });
  }

  get restUrl(): string {
    return `http://127.0.0.1:${this.options.restPort}`;
  }

  get folder(): string {
    return this.options.folder;
  }

  get #logFile(): string {
    return join(this.folder, "log.jsonl");
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Starts the process; resolves when it is ready. */
  async start(extra: Readonly<Record<string, string | number>> = {}): Promise<void> {
    this.spawn(extra);
    await this.ready();
  }

  spawn(extra: Readonly<Record<string, string | number>> = {}): void {
    const { folder, restPort, diagnosticsPort, kdsPort, role, settings } = this.options;
    mkdirSync(folder, { recursive: true });
    const all: Record<string, string | number> = {
      "general.workDir": folder,
      "apiServer.http.port": restPort,
      "apiServer.http.interface": "127.0.0.1",
      "apiServer.https.enabled": "false",
      "diagnostics.serverPort": diagnosticsPort,
      "diagnostics.interface": "127.0.0.1",
      "dpServer.interface": "127.0.0.1",
      "dpServer.port": 0,
      ...(kdsPort === undefined
        ? {}
        : { "multizone.global.kds.grpcPort": kdsPort, "multizone.global.kds.interface": "127.0.0.1" }),
      ...settings,
      ...extra,
    };
    // A file, not a pipe through this process: what it wrote before it answered or ended is there to be read.
    const log = openSync(this.#logFile, "a");
    const child = spawn(
      process.execPath,
      [COMMAND, role, ...Object.entries(all).flatMap(([path, value]) => ["--set", `${path}=${value}`])],
      { stdio: ["ignore", log, log] },
    );
    closeSync(log);
    running.add(child);
    this.#child = child;
    this.#exit = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        running.delete(child);
        resolve(code ?? signal ?? 1);
      });
    });
  }

  async ready(): Promise<void> {
    const url = `http://127.0.0.1:${this.options.diagnosticsPort}/ready`;
    const child = this.#child;
    await eventually(async () => child?.exitCode !== null || (await fetch(url)).ok, {
      timeoutMs: READY_MS,
      what: `${this.name} ready`,
    }).catch((error: unknown) => {
      throw new Error(`${this.name} is not ready\n${this.log()}`, { cause: error });
    });
    if (child?.exitCode !== null) throw new Error(`${this.name} ended with ${child?.exitCode}\n${this.log()}`);
  }

  /** SIGTERM; the exit code. */
  async stop(): Promise<number | NodeJS.Signals> {
    return this.#end("SIGTERM");
  }

  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Resolves when the process ends by itself. */
  exited(): Promise<number | NodeJS.Signals> {
    return this.#exit ?? Promise.resolve(0);
  }

  log(): string {
    try {
      return readFileSync(this.#logFile, "utf8");
    } catch {
      return "";
    }
  }

  async metrics(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.options.diagnosticsPort}/metrics`)).text();
  }

  /** Resources by their display name, whatever the sync called them. */
  async byDisplayName(path: string, name: string): Promise<RestResource | undefined> {
    const items = await this.api.listResources(path);
    return items.find((item) => (item.labels?.["kuma.io/display-name"] ?? item.name) === name);
  }

  async #end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals> {
    const exit = this.#exit;
    if (!exit) return 0;
    this.#child?.kill(signal);
    const code = await exit;
    this.#child = undefined;
    this.#exit = undefined;
    return code;
  }
}
