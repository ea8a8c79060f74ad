/**
 * Structured logs on stderr: one JSON line per state change, with the names operators search for. Every part of a program has a
 * logger of its own, whose name is in its lines, is counted, and may be given another level while the program runs.
 */
import { type DestinationStream, destination, type Logger as PinoLogger, pino } from "pino";
import type { Config } from "./config/schema.ts";
import { LogLevels } from "./log-levels.ts";

const STDERR = 2;

export type LineLevel = "debug" | "info" | "warn" | "error" | "fatal";

export interface LogMethod {
  (fields: object, text: string): void;
  (text: string): void;
}

/** Told of every line that is written. */
export type LineListener = (component: string, level: LineLevel) => void;

export interface Logger extends Readonly<Record<LineLevel, LogMethod>> {
  /** The logger of a part; the same one for the same name. */
  part(component: string): Logger;
  readonly levels: LogLevels;
  onLine(listener: LineListener): void;
}

/** `level: off` silences everything; synchronous, so that the last line before an exit is never lost. */
export function createLogger(
  options: { readonly level: Config["log"]["level"]; readonly name: string },
  stream: DestinationStream = destination({ fd: STDERR, sync: true }),
): Logger {
  const root = pino(
    {
      base: { service: options.name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  const levels = new LogLevels(options.level);
  const listeners: LineListener[] = [];
  const parts = new Map<string, Logger>();

  const loggerOf = (component: string): Logger => {
    const known = parts.get(component);
    if (known !== undefined) return known;
    const lines = component === options.name ? root : root.child({ logger: component });
    levels.add(component, lines);
    const methodOf = (level: LineLevel): LogMethod =>
      lineMethod(lines, level, () => {
        for (const listener of listeners) listener(component, level);
      });
    const made: Logger = {
      debug: methodOf("debug"),
      info: methodOf("info"),
      warn: methodOf("warn"),
      error: methodOf("error"),
      fatal: methodOf("fatal"),
      part: loggerOf,
      levels,
      onLine: (listener) => void listeners.push(listener),
    };
    parts.set(component, made);
    return made;
  };
  return loggerOf(options.name);
}

function lineMethod(lines: PinoLogger, level: LineLevel, written: () => void): LogMethod {
  return (first: object | string, text?: string): void => {
    if (!lines.isLevelEnabled(level)) return;
    if (typeof first === "string") lines[level](first);
    else lines[level](first, text);
    written();
  };
}
