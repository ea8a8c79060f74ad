/**
 * The life of a foreground program: load the configuration, start the services in order, wait for a signal, stop in
 * reverse order. Exit codes: 0 stopped on request, 1 could not start or failed, 2 the configuration is invalid.
 */
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { errorMessage, type Service } from "@isthmus/std";
import { formatProblems, loadConfig } from "./config/load.ts";
import type { Config } from "./config/schema.ts";
import { createLogger, type Logger } from "./log.ts";

/** A stop that takes longer than this is cut short: a supervisor would kill the process anyway. */
const STOP_LIMIT_MS = 10_000;
/**
 * Growth of the heap between two collections of everything, per cent. Most of what a control plane throws away are messages, whose bytes lie outside
 * of the heap: V8 takes them for no work, lets the heap grow by a tenth, and a thousand acknowledgements cost five collections of everything.
 */
const HEAP_GROWING_PERCENT = 50;

export interface ProgramArguments {
  readonly configFile?: string;
  readonly settings: readonly string[];
}

export interface Program {
  readonly service: Service;
  /** Written to the log once everything runs. */
  readonly summary: () => Readonly<Record<string, unknown>>;
}

export type ProgramFactory = (config: Config, log: Logger) => Promise<Program> | Program;

/** Resolves with the exit code. */
export async function runProgram(name: string, args: ProgramArguments, create: ProgramFactory): Promise<number> {
  const config = readConfig(args);
  if (!config) return 2;
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`);
  const log = createLogger({ level: config.log.level, name });
  let resolveExit: (code: number) => void = () => {};
  const exit = new Promise<number>((resolve) => {
    resolveExit = resolve;
  });

  let program: Program | undefined;
  let isStopping = false;
  const stop = (code: number): void => {
    if (isStopping) return;
    isStopping = true;
    const limit = setTimeout(() => {
      log.error({ limitMs: STOP_LIMIT_MS }, "stopping took too long, giving up");
      resolveExit(1);
    }, STOP_LIMIT_MS);
    void (program?.service.stop() ?? Promise.resolve()).then(
      () => {
        clearTimeout(limit);
        log.info("stopped");
        resolveExit(code);
      },
      (error: unknown) => {
        log.error({ error: errorMessage(error) }, "stopping failed");
        resolveExit(1);
      },
    );
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      log.info({ signal }, "stopping");
      stop(0);
    });
  }
  // A rejected promise that nobody awaited concerns one message or request; the process goes on. An exception outside of any
  // handler leaves state unknown: what is stored is safe, so the process ends and its supervisor starts it again.
  process.on("unhandledRejection", (reason) => log.error({ error: stackOf(reason) }, "unhandled rejection"));
  process.on("uncaughtException", (error) => {
    log.fatal({ error: stackOf(error) }, "uncaught exception");
    stop(1);
  });

  try {
    program = await create(config, log);
    await program.service.start();
    log.info(program.summary(), "ready");
  } catch (error) {
    log.fatal({ error: errorMessage(error) }, "cannot start");
    return 1;
  }
  return exit;
}

function readConfig(args: ProgramArguments): Config | undefined {
  let file: { name: string; text: string } | undefined;
  if (args.configFile !== undefined) {
    try {
      file = { name: args.configFile, text: readFileSync(args.configFile, "utf8") };
    } catch (error) {
      process.stderr.write(`cannot read the configuration file ${args.configFile}: ${errorMessage(error)}\n`);
      return undefined;
    }
  }
  const loaded = loadConfig({ ...(file && { file }), env: process.env, settings: args.settings });
  if (!loaded.ok) {
    process.stderr.write(`the configuration is invalid:\n${formatProblems(loaded.error)}\n`);
    return undefined;
  }
  for (const warning of loaded.value.warnings) process.stderr.write(`warning: ${warning}\n`);
  return loaded.value.config;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
