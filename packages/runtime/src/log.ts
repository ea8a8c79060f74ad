/** Structured logs on stderr: one JSON line per state change, with the names operators search for. */
import { type DestinationStream, destination, type Logger, pino } from "pino";
import type { Config } from "./config/schema.ts";

export type { Logger } from "pino";

const STDERR = 2;

/** `level: off` silences everything; synchronous, so that the last line before an exit is never lost. */
export function createLogger(
  options: { readonly level: Config["log"]["level"]; readonly name: string },
  stream: DestinationStream = destination({ fd: STDERR, sync: true }),
): Logger {
  return pino(
    {
      level: options.level === "off" ? "silent" : options.level,
      base: { service: options.name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
}
