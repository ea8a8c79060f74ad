/** What a zone costs the memory of its global: shared bytes, one cursor per type, and while it has not answered, names. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createMemoryStore, type Op } from "@isthmus/store";
import { FakeClock } from "@isthmus/testkit";
import { expect, it } from "vitest";
import { Outbox } from "../feed/outbox.ts";
import { ALL_FEATURES } from "../mapping/features.ts";
import { registry } from "../testing/make-resource.ts";
import { createSender, type SenderEffect, type SenderEvent, type SenderState, stepSender } from "./sender.ts";

const ZONES = 100;
/** Just above a power of two, where tables that double are at their emptiest. */
const RESOURCES = 2_100;
const PER_ZONE_AND_RESOURCE_MAX_BYTES = 32;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function usedBytes(): number {
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

it(`a zone costs at most ${PER_ZONE_AND_RESOURCE_MAX_BYTES} bytes per resource, in flight and at rest`, async () => {
  const store = createMemoryStore({ clock: new FakeClock() });
  const outbox = new Outbox({ registry, store, role: { kind: "global" } });
  const puts = Array.from({ length: RESOURCES }, (_, i): Op => {
    const spec = { ports: [{ port: 80, targetPort: i }], selector: { dataplaneTags: { "kuma.io/service": `s${i}` } } };
    const labels = { "kuma.io/origin": "zone", "kuma.io/zone": "home", "kuma.io/display-name": `s${i}` };
    return { kind: "put", resource: { type: "MeshService", mesh: "default", name: `service-${i}`, labels, spec } };
  });
  await store.commit(puts);
  outbox.start();
  const context = { outboxFor: () => outbox.view(ALL_FEATURES), maxMessageBytes: 10 * 1024 * 1024, now: 0 };
  const request = { subscribe: ["*"], unsubscribe: [], initialVersions: new Map(), error: undefined };
  const ask = (state: SenderState, type: string, nonce: string): readonly SenderEffect[] => {
    const event: SenderEvent = { kind: "request", type, nonce, ...request, features: ALL_FEATURES, held: undefined };
    return stepSender(state, event, context);
  };
  const open = (i: number): SenderState =>
    createSender({ zone: `zone-${i}`, features: ALL_FEATURES, takesIntents: true, openedAt: 0 });

  // The first session encodes everything; all others share the bytes.
  const [first] = ask(open(-1), "MeshService", "");
  const chunks = first?.kind === "send" ? first.upserts.map((upsert) => upsert.chunk) : [];
  expect(chunks).toHaveLength(RESOURCES);

  const sessions = Array.from({ length: ZONES }, (_, i) => open(i));
  const before = usedBytes();
  for (const session of sessions) {
    const [sent] = ask(session, "MeshService", "");
    expect(sent?.kind === "send" && sent.upserts.every((upsert, i) => upsert.chunk === chunks[i])).toBe(true);
  }
  const inFlight = (usedBytes() - before) / (ZONES * RESOURCES);
  for (const session of sessions) ask(session, "MeshService", "1");
  const atRest = (usedBytes() - before) / (ZONES * RESOURCES);

  expect(inFlight).toBeLessThan(PER_ZONE_AND_RESOURCE_MAX_BYTES);
  expect(atRest).toBeLessThan(1);
  expect(sessions.every((session) => session.types.get("MeshService")?.phase === "idle")).toBe(true);
  outbox.stop();
});
