/**
 * Access logs for backends over TCP: Envoy writes lines into a named pipe, each with the address that it is for, and the runner sends them there. Logs
 * are lost rather than kept where a backend does not take them. Source: kuma v2.14.3: app/kuma-dp/pkg/dataplane/accesslogs.
 */
import { execFileSync } from "node:child_process";
import { constants, openSync, rmSync } from "node:fs";
import { connect, Socket } from "node:net";
import { isJsonObject, parseJson } from "@isthmus/std";

const CONNECT_TIMEOUT_MS = 5_000;
/** Of one backend, waiting to be sent. */
const WAITING_MAX_BYTES = 1024 * 1024;
const LINE_MAX_CHARACTERS = 1024 * 1024;

export interface AccessLogOptions {
  readonly pipe: string;
  /** A backend that takes nothing: what is for it is lost until it can be connected to again. */
  readonly onLost: (address: string, reason: string) => void;
}

export interface LogLine {
  /** `host:port` */
  readonly address: string;
  readonly text: string;
}

/** `{"address": ..., "message": ...}`, or `address;text` as older policies have it. Undefined: neither. */
export function parseLogLine(line: string): LogLine | undefined {
  const json = parseJson(line);
  if (json.ok && isJsonObject(json.value)) {
    const { address, message = null } = json.value;
    if (typeof address !== "string") return undefined;
    return { address, text: typeof message === "string" ? message : `${JSON.stringify(message)}\n` };
  }
  const separator = line.indexOf(";");
  return separator <= 0 ? undefined : { address: line.slice(0, separator), text: `${line.slice(separator + 1)}\n` };
}

export class AccessLogs {
  readonly #options: AccessLogOptions;
  readonly #backends = new Map<string, Socket>();
  #pipe: Socket | undefined;

  constructor(options: AccessLogOptions) {
    this.#options = options;
  }

  /** Before Envoy opens the pipe: it would make a file of it. @throws where the system has no named pipes */
  start(): void {
    const { pipe } = this.#options;
    rmSync(pipe, { force: true });
    execFileSync("mkfifo", ["-m", "666", pipe]);
    // Open for writing as well, so that it never ends while Envoy has it closed.
    const fd = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
    this.#pipe = new Socket({ fd, readable: true, writable: false });
    this.#pipe.setEncoding("utf8");
    let rest = "";
    this.#pipe.on("data", (chunk: Buffer | string) => {
      const lines = `${rest}${chunk.toString()}`.split("\n");
      rest = (lines.pop() ?? "").slice(0, LINE_MAX_CHARACTERS);
      for (const line of lines) this.write(line);
    });
    this.#pipe.on("error", (error) => this.#options.onLost(pipe, error.message));
  }

  write(line: string): void {
    const parsed = parseLogLine(line);
    if (parsed === undefined) return;
    const { address, text } = parsed;
    const backend = this.#backends.get(address) ?? this.#connect(address);
    if (backend === undefined || backend.destroyed || backend.writableLength > WAITING_MAX_BYTES) return;
    backend.write(text);
  }

  stop(): void {
    this.#pipe?.destroy();
    for (const backend of this.#backends.values()) backend.destroySoon();
    this.#backends.clear();
  }

  #connect(address: string): Socket | undefined {
    const { host, port } = /^\[?(?<host>.+?)\]?:(?<port>\d{1,5})$/.exec(address)?.groups ?? {};
    if (host === undefined || Number(port) > 65_535) return undefined;
    const socket = connect({ host, port: Number(port) });
    socket.setTimeout(CONNECT_TIMEOUT_MS, () =>
      socket.destroy(new Error(`no connection within ${CONNECT_TIMEOUT_MS} ms`)),
    );
    socket.once("connect", () => socket.setTimeout(0));
    socket.on("error", (error) => this.#options.onLost(address, error.message));
    socket.once("close", () => {
      if (this.#backends.get(address) === socket) this.#backends.delete(address);
    });
    // What a backend answers is of no use to anybody.
    socket.resume();
    this.#backends.set(address, socket);
    return socket;
  }
}
