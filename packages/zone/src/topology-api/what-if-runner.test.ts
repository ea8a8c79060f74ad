import { builtinTypes, Registry } from "@isthmus/resources";
import { systemClock } from "@isthmus/std";
import { eventually, FakeClock } from "@isthmus/testkit";
import { whatIf } from "@isthmus/topology";
import { afterAll, describe, expect, it } from "vitest";
import { bundledWorker } from "../testing/bundled-worker.ts";
import { StoreWorld } from "../testing/store-world.ts";
import { EAST_BACKEND, WEST, westStore } from "../testing/west.ts";
import { WhatIfRunner, type WhatIfRunnerOptions } from "./what-if-runner.ts";

const script = (code: string) => new URL(`data:text/javascript,${encodeURIComponent(code)}`);
const EAST = { zones: ["east"], ingresses: [], services: [] };

const worker = await bundledWorker("../topology-api/what-if-worker.ts");
afterAll(() => worker.remove());

const world = new StoreWorld(await westStore(), new Registry(builtinTypes), {
  ...WEST,
  zoneGates: new Map([["north", { gate: "zoneDisabled", detail: "the zone is disabled" }]]),
});

function runner(options: Partial<WhatIfRunnerOptions> = {}): WhatIfRunner {
  return new WhatIfRunner({ contents: () => world.contents(), clock: systemClock, script: worker.url, ...options });
}

describe("what-if in a thread", () => {
  it("reports what the same function reports here", async () => {
    const report = await runner().ask(EAST);
    expect(report).toEqual({ ok: true, value: whatIf(world.world(), EAST) });
    expect(report).toMatchObject({
      value: { unknown: [], servicesWithoutEndpoints: [{ service: { name: EAST_BACKEND }, clients: 1 }] },
    });
  });

  it("answers one question after the other, up to a few", async () => {
    const running = runner();
    const answers = await Promise.all(Array.from({ length: 6 }, () => running.ask(EAST)));
    expect(answers.map((answer) => (answer.ok ? "report" : answer.error.kind))).toEqual([
      ...Array.from({ length: 4 }, () => "report"),
      "busy",
      "busy",
    ]);
    expect((await running.ask(EAST)).ok).toBe(true);
  });

  it.each([
    ["throws", "throw new Error('a defect')", /failed: a defect/],
    ["ends", "process.exit(3)", /ended without an answer, code 3/],
    [
      "needs more memory than it may have",
      "const all = []; while (true) all.push(Array(1000).fill(all.length));",
      /memory/,
    ],
  ])("that %s says so, and the next one is answered", async (_, code, detail) => {
    const broken = runner({ script: script(code), memoryMb: 32 });
    const [first, second] = await Promise.all([broken.ask(EAST), broken.ask(EAST)]);
    for (const answer of [first, second]) {
      expect(answer).toEqual({
        ok: false,
        error: { kind: "failed", detail: expect.stringMatching(detail) as unknown },
      });
    }
  });

  it("that takes too long is ended", async () => {
    const clock = new FakeClock();
    const answer = runner({ script: script("while (true);"), clock, timeoutMs: 5_000 }).ask(EAST);
    await eventually(() => clock.pendingTimers > 0);
    clock.advance(5_000);
    expect(await answer).toEqual({ ok: false, error: { kind: "timeout", detail: "there was no answer within 5 s" } });
  });

  it("ends with the zone", async () => {
    const running = runner({ script: script("setInterval(() => {}, 1000)") });
    const answers = [running.ask(EAST), running.ask(EAST)];
    await new Promise((resolve) => setImmediate(resolve));
    await running.stop();
    const details = (await Promise.all(answers)).map((answer) => (answer.ok ? "" : answer.error.detail));
    expect(details).toEqual([expect.stringMatching(/ended without an answer/), "this zone is stopping"]);
  });
});
