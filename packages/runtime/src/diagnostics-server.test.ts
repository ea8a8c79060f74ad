import { freePorts } from "@isthmus/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { DiagnosticsServer } from "./diagnostics-server.ts";
import { Metrics } from "./metrics.ts";

let server: DiagnosticsServer | undefined;
afterEach(() => server?.stop());

describe("DiagnosticsServer", () => {
  it("serves health, readiness and metrics with the zone label", async () => {
    const metrics = new Metrics("Global");
    metrics.counter("kds_nack_total", "NACKs", ["zone_name"]).inc({ zone_name: "east" });
    let ready = false;
    server = new DiagnosticsServer({ host: "127.0.0.1", port: 0, metrics, isReady: () => ready });
    await server.start();
    const url = `http://127.0.0.1:${server.port}`;
    expect((await fetch(`${url}/healthy`)).status).toBe(200);
    expect((await fetch(`${url}/ready`)).status).toBe(503);
    ready = true;
    expect((await fetch(`${url}/ready`)).status).toBe(200);
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toContain('kds_nack_total{zone_name="east",zone="Global"} 1');
    expect((await fetch(`${url}/nothing`)).status).toBe(404);
    expect((await fetch(`${url}/ready`, { method: "POST" })).status).toBe(405);
  });

  it("names the port and the setting when the port is busy", async () => {
    const [port = 0] = await freePorts(1);
    const options = { host: "127.0.0.1", port, metrics: new Metrics("Global"), isReady: () => true };
    server = new DiagnosticsServer(options);
    await server.start();
    await expect(new DiagnosticsServer(options).start()).rejects.toThrow(
      `port ${port} on 127.0.0.1 is in use (setting diagnostics.serverPort)`,
    );
  });
});
