/**
 * `/logging` of the diagnostics port: levels of parts of the program, read and changed while it runs.
 * Source: kuma v2.14.3: pkg/diagnostics/server.go.
 */
import type { IncomingMessage } from "node:http";
import { isJsonObject, parseJson } from "@isthmus/std";
import type { Logger } from "./log.ts";
import type { LevelProblem, LogLevel } from "./log-levels.ts";

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const BODY_MAX_BYTES = 4_096;
const PREFIX = "/logging/";

export const isLoggingPath = (path: string): boolean => path === "/logging" || path.startsWith(PREFIX);

/** What the endpoint does to the levels of `log` is told by `log` itself. */
export async function answerLogging(request: IncomingMessage, path: string, log: Logger): Promise<Answer> {
  const { levels } = log;
  if (path !== "/logging") {
    if (request.method !== "DELETE") return text(405, "Method Not Allowed", { allow: "DELETE" });
    const component = decoded(path.slice(PREFIX.length));
    const done = levels.reset(component);
    if (!done.ok) return failure(done.error);
    log.info({ component }, "log level reset");
    return { status: 200 };
  }
  switch (request.method) {
    case "GET":
    case "HEAD":
      return components(levels.overrides());
    case "DELETE": {
      const before = levels.resetAll();
      log.info({ count: Object.keys(before).length }, "all log levels reset");
      return components(before);
    }
    case "PUT": {
      const wanted = parseWanted(await readBody(request));
      if (wanted === undefined) return text(400, "invalid request body");
      const done = levels.set(wanted.component, wanted.level);
      if (!done.ok) return failure(done.error);
      log.info(wanted, "log level set");
      return { status: 200 };
    }
    default:
      return text(405, "method not allowed");
  }
}

function components(overrides: Readonly<Record<string, LogLevel>>): Answer {
  const body = `${JSON.stringify({ components: overrides })}\n`;
  return { status: 200, headers: { "content-type": "application/json" }, body };
}

function failure({ kind, detail }: LevelProblem): Answer {
  return text(kind === "too-many" ? 429 : 400, detail);
}

/** As Go's `http.Error` answers. */
export function text(status: number, detail: string, more: Readonly<Record<string, string>> = {}): Answer {
  const headers = { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff", ...more };
  return { status, headers, body: `${detail}\n` };
}

/** A name that is not well-formed stays as it is, and is refused by its rule. */
function decoded(component: string): string {
  try {
    return decodeURIComponent(component);
  } catch {
    return component;
  }
}

/** Undefined: longer than a body may be. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > BODY_MAX_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function parseWanted(body: string | undefined): { readonly component: string; readonly level: string } | undefined {
  const json = body === undefined ? undefined : parseJson(body);
  if (json?.ok !== true || !isJsonObject(json.value)) return undefined;
  const { component = "", level = "" } = json.value;
  return typeof component === "string" && typeof level === "string" ? { component, level } : undefined;
}
