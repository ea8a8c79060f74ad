/**
 * Envoy as a child: a process group of its own, so that Ctrl-C reaches the runner alone, and an end with the runner, however that ends.
 * Source: kuma v2.14.3: app/kuma-dp/pkg/dataplane/envoy/envoy.go, .../command/build_command_linux.go.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { constants as os } from "node:os";
import { delimiter, join } from "node:path";
import type { DpSettings } from "../settings/read-settings.ts";

/** After SIGTERM. */
const KILL_AFTER_MS = 5_000;
/** Shells count so. */
const SIGNAL_EXIT_BASE = 128;
const LINE_MAX_CHARACTERS = 64 * 1024;

export interface EnvoyEnd {
  /** As a shell has it: 128 and the number of the signal that ended it. */
  readonly code: number;
  readonly signal: NodeJS.Signals | undefined;
}

export function envoyArguments(
  bootstrapFile: string,
  settings: Pick<DpSettings, "drainTimeMs" | "envoyLogLevel" | "envoyComponentLogLevel" | "concurrency">,
  platform: NodeJS.Platform = process.platform,
): readonly string[] {
  const { drainTimeMs, envoyLogLevel, envoyComponentLogLevel, concurrency } = settings;
  return [
    "--config-path",
    bootstrapFile,
    "--drain-time-s",
    String(Math.floor(drainTimeMs / 1_000)),
    "--drain-strategy",
    "immediate",
    "--disable-hot-restart",
    "--log-level",
    envoyLogLevel,
    ...(envoyComponentLogLevel === "" ? [] : ["--component-log-level", envoyComponentLogLevel]),
    ...(concurrency > 0 ? ["--concurrency", String(concurrency)] : platform === "linux" ? ["--cpuset-threads"] : []),
  ];
}

export class EnvoyProcess {
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<EnvoyEnd>;
  readonly #child: ChildProcess;

  /** @param onLine each line that it writes */
  constructor(binary: string, args: readonly string[], onLine: (line: string) => void) {
    const guard = process.platform === "linux" ? onPath("setpriv") : undefined;
    // Replaces itself by Envoy, which the kernel then kills when this process is gone.
    const [command, ...all] = guard === undefined ? [binary] : [guard, "--pdeathsig", "KILL", binary];
    this.#child = spawn(command ?? binary, [...all, ...args], { stdio: ["ignore", "pipe", "pipe"], detached: true });
    for (const stream of [this.#child.stdout, this.#child.stderr]) forEachLine(stream, onLine);
    this.ended = new Promise((resolve) => {
      this.#child.once("error", (error) => {
        onLine(`cannot be started: ${error.message}`);
        resolve({ code: 1, signal: undefined });
      });
      this.#child.once("close", (code, signal) =>
        resolve({ code: code ?? exitCodeOf(signal), signal: signal ?? undefined }),
      );
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async stop(): Promise<EnvoyEnd> {
    this.#child.kill("SIGTERM");
    const limit = setTimeout(() => this.kill(), KILL_AFTER_MS);
    const end = await this.ended;
    clearTimeout(limit);
    return end;
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}

function exitCodeOf(signal: NodeJS.Signals | null): number {
  return signal === null ? 1 : SIGNAL_EXIT_BASE + os.signals[signal];
}

function forEachLine(stream: NodeJS.ReadableStream | null, onLine: (line: string) => void): void {
  let rest = "";
  stream?.setEncoding("utf8");
  stream?.on("data", (chunk: string) => {
    const lines = `${rest}${chunk}`.split("\n");
    rest = (lines.pop() ?? "").slice(0, LINE_MAX_CHARACTERS);
    for (const line of lines) onLine(line);
  });
  stream?.once("end", () => {
    if (rest !== "") onLine(rest);
  });
}

function onPath(name: string): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
