import { Writable } from "node:stream";
import { freePorts } from "@isthmus/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { type DiagnosticsOptions, DiagnosticsServer } from "./diagnostics-server.ts";
import { createLogger, type Logger } from "./log.ts";
import { OVERRIDES_MAX } from "./log-levels.ts";
import { Metrics } from "./metrics.ts";

interface Rig {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly lines: string[];
  readonly ask: (path: string, method?: string, body?: string, headers?: Record<string, string>) => Promise<Response>;
}

let server: DiagnosticsServer | undefined;
afterEach(() => server?.stop());

async function rig(options: Partial<DiagnosticsOptions> = {}): Promise<Rig> {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const log = createLogger({ level: "info", name: "test" }, stream);
  const metrics = new Metrics("Global");
  server = new DiagnosticsServer({ host: "127.0.0.1", port: 0, metrics, log, isReady: () => true, ...options });
  await server.start();
  const { port } = server;
  return {
    log,
    metrics,
    lines,
    ask: (path, method = "GET", body, headers = {}) =>
      fetch(`http://127.0.0.1:${port}${path}`, { method, headers, ...(body === undefined ? {} : { body }) }),
  };
}

/** Status, content type, body: as the recordings of Kuma have them. */
async function shown(response: Response): Promise<readonly [number, string | null, string]> {
  return [response.status, response.headers.get("content-type"), await response.text()];
}

describe("health and readiness", () => {
  it("are a status without content", async () => {
    let isReady = false;
    const { ask } = await rig({ isReady: () => isReady });
    expect(await shown(await ask("/healthy"))).toEqual([200, null, ""]);
    expect(await shown(await ask("/ready"))).toEqual([503, null, ""]);
    isReady = true;
    expect(await shown(await ask("/ready"))).toEqual([200, null, ""]);
    expect((await ask("/ready", "POST")).status).toBe(405);
    expect(await shown(await ask("/nothing"))).toEqual([404, "text/plain; charset=utf-8", "404 page not found\n"]);
  });
});

describe("metrics", () => {
  it("carry the zone and count the scrapes", async () => {
    const { ask, metrics } = await rig();
    metrics.counter("kds_nack_total", "NACKs", ["zone_name"]).inc({ zone_name: "east" });
    await ask("/metrics");
    const text = await (await ask("/metrics")).text();
    expect(text).toContain('kds_nack_total{zone_name="east",zone="Global"} 1');
    expect(text).toContain('promhttp_metric_handler_requests_total{code="200",zone="Global"} 1');
    expect(text).toContain('promhttp_metric_handler_requests_in_flight{zone="Global"} 1');
  });
});

describe("log levels", () => {
  it("are read, set, and reset one by one or all at once, as Kuma answers", async () => {
    const { ask } = await rig();
    expect(await shown(await ask("/logging"))).toEqual([200, "application/json", '{"components":{}}\n']);
    expect(await shown(await ask("/logging", "PUT", '{"component":"kds","level":"debug"}'))).toEqual([200, null, ""]);
    await ask("/logging", "PUT", '{"component":"api-server","level":"off"}');
    const both = '{"components":{"api-server":"off","kds":"debug"}}\n';
    expect(await (await ask("/logging")).text()).toBe(both);
    expect(await shown(await ask("/logging/kds", "DELETE"))).toEqual([200, null, ""]);
    expect(await shown(await ask("/logging", "DELETE"))).toEqual([
      200,
      "application/json",
      '{"components":{"api-server":"off"}}\n',
    ]);
    expect(await (await ask("/logging")).text()).toBe('{"components":{}}\n');
  });

  it("change what is written, at once", async () => {
    const { ask, log, lines } = await rig();
    const kds = log.part("kds");
    kds.debug("unseen");
    await ask("/logging", "PUT", '{"component":"kds","level":"debug"}');
    kds.debug("seen");
    log.debug("unseen");
    await ask("/logging", "PUT", '{"component":"kds","level":"off"}');
    kds.error("unseen");
    const texts = lines.map((line) => JSON.parse(line) as { msg: string; logger?: string });
    expect(texts.map(({ msg }) => msg)).toEqual(["log level set", "seen", "log level set"]);
    expect(texts[1]?.logger).toBe("kds");
  });

  it.each([
    ["PUT", "/logging", "nonsense", 400, "invalid request body"],
    ["PUT", "/logging", "[]", 400, "invalid request body"],
    ["PUT", "/logging", `{"component":"${"x".repeat(5_000)}","level":"debug"}`, 400, "invalid request body"],
    ["PUT", "/logging", '{"level":"debug"}', 400, "component name must not be empty"],
    [
      "PUT",
      "/logging",
      `{"component":"${"x".repeat(257)}","level":"debug"}`,
      400,
      "component name exceeds 256 characters",
    ],
    ["PUT", "/logging", '{"component":"a/b","level":"debug"}', 400, 'component name "a/b" contains invalid characters'],
    ["PUT", "/logging", '{"component":"kds","level":"loud"}', 400, 'invalid log level: unknown log level "loud"'],
    ["DELETE", "/logging/%20", undefined, 400, 'component name " " contains invalid characters'],
    ["DELETE", "/logging/%ff", undefined, 400, 'component name "%ff" contains invalid characters'],
    ["POST", "/logging", "{}", 405, "method not allowed"],
    ["GET", "/logging/kds", undefined, 405, "Method Not Allowed"],
  ])("%s %s %s: %i", async (method, path, body, status, detail) => {
    const { ask } = await rig();
    expect(await shown(await ask(path, method, body))).toEqual([status, "text/plain; charset=utf-8", `${detail}\n`]);
    expect(await (await ask("/logging")).text()).toBe('{"components":{}}\n');
  });

  it("are limited in number", async () => {
    const { ask, log } = await rig();
    for (let n = 0; n < OVERRIDES_MAX; n += 1) log.levels.set(`part-${n}`, "debug");
    const refused = await ask("/logging", "PUT", '{"component":"one-more","level":"debug"}');
    expect(await shown(refused)).toEqual([
      429,
      "text/plain; charset=utf-8",
      "maximum number of component overrides (200) reached\n",
    ]);
    expect((await ask("/logging", "PUT", '{"component":"part-7","level":"info"}')).status).toBe(200);
  });

  it("are changed from this machine only, unless everybody may write", async () => {
    // What a proxy in front adds makes a request one from elsewhere.
    const elsewhere = { "x-forwarded-for": "192.0.2.1" };
    const body = '{"component":"kds","level":"debug"}';
    const { ask } = await rig();
    expect((await ask("/logging", "PUT", body, elsewhere)).status).toBe(403);
    expect((await ask("/logging", "DELETE", undefined, elsewhere)).status).toBe(403);
    expect((await ask("/logging", "GET", undefined, elsewhere)).status).toBe(200);
    await server?.stop();
    const open = await rig({ allowsRemoteWrites: true });
    expect((await open.ask("/logging", "PUT", body, elsewhere)).status).toBe(200);
  });
});

it("names the port and the setting when the port is busy", async () => {
  const [port = 0] = await freePorts(1);
  const { log } = await rig({ port });
  const options = { host: "127.0.0.1", port, metrics: new Metrics("Global"), log, isReady: () => true };
  await expect(new DiagnosticsServer(options).start()).rejects.toThrow(
    `port ${port} on 127.0.0.1 is in use (setting diagnostics.serverPort)`,
  );
});
