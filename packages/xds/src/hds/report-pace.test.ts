import type { JsonObject } from "@isthmus/std";
import { createMemoryStore } from "@isthmus/store";
import { FakeClock } from "@isthmus/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ProxyCandidate } from "../admission.ts";
import { readNodeMetadata } from "../node/node-metadata.ts";
import { DataplaneHealth } from "./dataplane-health.ts";
import { HEALTH_DEFAULTS } from "./health-checks.ts";
import { ReportPace } from "./report-pace.ts";

describe("the pace of reports", () => {
  it.each([
    [1, 15],
    [3, 15],
    [4, 30],
    [40, 240],
    [160, 960],
    [1_000, 1_000],
  ])("of %i proxies is %i ms", (proxies, intervalMs) => {
    const pace = new ReportPace(1_000);
    for (let i = 0; i < proxies; i += 1) pace.change(1);
    expect(pace.intervalMs).toBe(intervalMs);
  });

  it("is as configured where that is shorter", () => {
    const pace = new ReportPace(10);
    pace.change(1);
    expect(pace.intervalMs).toBe(10);
  });

  it("keeps to its limits whoever comes and goes, and does not change for one that comes and goes", () => {
    const comings = fc.array(fc.constantFrom<1 | -1>(1, 1, -1), { maxLength: 600 });
    fc.assert(
      fc.property(comings, fc.integer({ min: 15, max: 5_000 }), (changes, longestMs) => {
        const pace = new ReportPace(longestMs);
        let proxies = 0;
        for (const by of changes) {
          if (proxies + by < 0) continue;
          proxies += by;
          pace.change(by);
          expect(pace.intervalMs).toBeGreaterThanOrEqual(15);
          expect(pace.intervalMs).toBeLessThanOrEqual(longestMs);
          if (pace.intervalMs < longestMs) expect((proxies * 1_000) / pace.intervalMs).toBeLessThanOrEqual(200);
        }
        pace.change(1);
        const busier = pace.intervalMs;
        pace.change(-1);
        pace.change(1);
        expect(pace.intervalMs).toBe(busier);
      }),
    );
  });
});

describe("what Envoys are told of it", () => {
  const HEALTHY = [
    { cluster: "kuma:envoy:admin", isHealthy: true },
    { cluster: "localhost:8080", isHealthy: true },
  ];
  const SICK = HEALTHY.map((each) => ({ ...each, isHealthy: false }));

  async function fleet(size: number, inbound: JsonObject = { serviceProbe: { tcp: {} } }) {
    const clock = new FakeClock();
    const store = createMemoryStore({ clock });
    const names = Array.from({ length: size }, (_, i) => `web-${i}`);
    const spec = { networking: { address: "10.0.0.1", inbound: [{ port: 80, servicePort: 8080, ...inbound }] } };
    await store.commit(
      names.map((name) => ({ kind: "put", resource: { type: "Dataplane", mesh: "default", name, labels: {}, spec } })),
    );
    const onError = (error: unknown): void => expect.unreachable(String(error));
    const health = new DataplaneHealth({ store, settings: HEALTH_DEFAULTS, clock, onError });
    return names.map((name) => {
      const said: number[] = [];
      const candidate = {
        id: { type: "dataplane", mesh: "default", name },
        metadata: readNodeMetadata({}),
      } as Partial<ProxyCandidate> as ProxyCandidate;
      const followed = health.follow(candidate, ({ reportIntervalMs }) => said.push(reportIntervalMs));
      return { ...followed, interval: () => said.at(-1) };
    });
  }

  it("many report seldom, and often when most are gone", async () => {
    const proxies = await fleet(300);
    for (const proxy of proxies) proxy.report(HEALTHY);
    expect(new Set(proxies.map((proxy) => proxy.interval()))).toEqual(new Set([1_000]));
    for (const proxy of proxies.slice(2)) proxy.stop();
    expect(proxies.slice(0, 2).map((proxy) => proxy.interval())).toEqual([15, 15]);
  });

  it("one that starts reports soon until it is healthy, though not for ever", async () => {
    const [starts, ends] = await fleet(300);
    for (let reports = 1; reports <= 40; reports += 1) {
      expect([starts?.interval(), ends?.interval()]).toEqual([reports < 30 ? 50 : 1_000, 50]);
      starts?.report(reports < 29 ? SICK : HEALTHY);
      ends?.report(SICK);
    }
    expect(ends?.interval()).toBe(1_000);
    starts?.report(SICK);
    expect(starts?.interval()).toBe(1_000);
  });

  it("where nothing but Envoy is checked it reports as configured", async () => {
    const proxies = await fleet(3, {});
    expect(proxies.map((proxy) => proxy.interval())).toEqual([1_000, 1_000, 1_000]);
  });
});
