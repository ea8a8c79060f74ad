/** One process of the demo; its log goes to a file in its folder. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { CommandError } from "../exit-code.ts";
import type { DemoProcess } from "./layout.ts";

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 12_000;
const PROBE_MS = 10;

export interface ChildOptions {
  readonly name: string;
  /** Of its log. */
  readonly folder: string;
  readonly logName: string;
  /** Arguments of Node. */
  readonly args: readonly string[];
  /** Answered with 200 once it does its job. */
  readonly readyUrl: string;
}

export class DemoChild {
  readonly name: string;
  readonly logFile: string;
  readonly #readyUrl: string;
  readonly #child: ChildProcess;
  #exit: number | NodeJS.Signals | undefined;

  constructor({ name, folder, logName, args, readyUrl }: ChildOptions) {
    this.name = name;
    this.#readyUrl = readyUrl;
    mkdirSync(folder, { recursive: true });
    this.logFile = join(folder, logName);
    const log = openSync(this.logFile, "w");
    // A group of its own: Ctrl-C reaches the demo alone, which stops its children in order.
    this.#child = spawn(process.execPath, args, { stdio: ["ignore", log, log], detached: true });
    closeSync(log);
    this.#child.once("exit", (code, signal) => {
      this.#exit = code ?? signal ?? 1;
    });
  }

  get hasEnded(): boolean {
    return this.#exit !== undefined;
  }

  /** Resolves with the milliseconds until it was ready; explains from the log why it is not. */
  async ready(): Promise<number> {
    const started = performance.now();
    while (performance.now() - started < READY_TIMEOUT_MS) {
      if (this.hasEnded) throw new CommandError(`${this.name} ended with ${this.#exit}:\n${this.logTail()}`);
      try {
        if ((await fetch(this.#readyUrl)).ok) return performance.now() - started;
      } catch {
        // Not listening yet.
      }
      await new Promise((resolve) => setTimeout(resolve, PROBE_MS));
    }
    throw new CommandError(`${this.name} was not ready within ${READY_TIMEOUT_MS} ms:\n${this.logTail()}`);
  }

  logTail(lines = 5): string {
    return readFileSync(this.logFile, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
  }

  /** `isHurried`: not to wait for connections to end, as proxies do. */
  async stop(isHurried = false): Promise<void> {
    if (this.hasEnded) return;
    await new Promise<void>((resolve) => {
      const limit = setTimeout(() => this.#child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      this.#child.once("exit", () => {
        clearTimeout(limit);
        resolve();
      });
      this.#child.kill("SIGTERM");
      if (isHurried) this.#child.kill("SIGINT");
    });
  }

  kill(): void {
    if (!this.hasEnded) this.#child.kill("SIGKILL");
  }
}

/** Arguments of Node that run this command. */
export const ownCommand = (args: readonly string[]): readonly string[] => [process.argv[1] ?? "", ...args];

/** Every port that something else holds, with its owner setting, before anything is started. */
export async function busyPorts(processes: readonly DemoProcess[]): Promise<string[]> {
  const busy: string[] = [];
  for (const process_ of processes) {
    for (const { port, setting } of process_.ports) {
      if (!(await isFree(port))) busy.push(`port ${port} is in use (${process_.name}: setting ${setting})`);
    }
  }
  return busy;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
