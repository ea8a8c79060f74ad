import { Writable } from "node:stream";
import { beforeEach, describe, expect, it } from "vitest";
import { createLogger, type Logger } from "./log.ts";

let lines: Record<string, unknown>[];
let log: Logger;
beforeEach(() => {
  lines = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  log = createLogger({ level: "info", name: "global" }, stream);
});

describe("a logger", () => {
  it("writes one line with service, part, level and fields", () => {
    log.info("ready");
    log.part("kds").warn({ zone: "east" }, "stream recycled");
    expect(lines).toMatchObject([
      { level: "info", service: "global", msg: "ready" },
      { level: "warn", service: "global", logger: "kds", zone: "east", msg: "stream recycled" },
    ]);
    expect(lines[0]).not.toHaveProperty("logger");
  });

  it("tells of lines that are written, not of those that are not", () => {
    const told: string[] = [];
    log.onLine((part, level) => told.push(`${part} ${level}`));
    log.debug("unseen");
    log.part("kds").error("seen");
    log.fatal("seen");
    expect(told).toEqual(["kds error", "global fatal"]);
  });

  it("writes nothing at all when it is off", () => {
    const silent = createLogger(
      { level: "off", name: "global" },
      new Writable({ write: () => expect.fail("written") }),
    );
    silent.fatal("unseen");
    silent.part("kds").fatal("unseen");
  });
});

describe("levels", () => {
  it("hold for a part and what is below it, the nearest one first", () => {
    const [server, sessions, other] = ["kds.server", "kds.server.sessions", "kds-other"].map((part) => log.part(part));
    log.levels.set("kds", "debug");
    log.levels.set("kds.server", "off");
    log.levels.set("kds.server.sessions", "debug");
    server?.error("unseen");
    sessions?.debug("seen");
    other?.debug("unseen");
    log.part("kds.client").debug("seen as well");
    expect(lines.map(({ msg }) => msg)).toEqual(["seen", "seen as well"]);
    log.levels.reset("kds.server");
    server?.debug("seen again");
    expect(lines.at(-1)?.["msg"]).toBe("seen again");
  });
});
