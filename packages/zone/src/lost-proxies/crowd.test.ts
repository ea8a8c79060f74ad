import { createMemoryStore } from "@isthmus/store";
import { FakeClock } from "@isthmus/testkit";
import { type ProxyCandidate, readNodeMetadata } from "@isthmus/xds";
import { expect, it } from "vitest";
import { type Knock, type KnockOutcome } from "./knock.ts";
import { KnockQueue } from "./knock-queue.ts";
import { LostProxies } from "./lost-proxies.ts";

const [CROWD, AT_ONCE, TIMEOUT_MS, GRACE_MS, STEP_MS] = [1_000, 32, 250, 10_000, 50];

/** By the last part of its address: half of them are cut off, some died, the others live. */
function fateOf(i: number): KnockOutcome {
  if (i % 2 === 0) return "silent";
  return i % 5 === 0 ? "refused" : "accepted";
}

it(`of ${CROWD} that are lost at once, those that died are withdrawn, and a few are asked at a time`, async () => {
  const clock = new FakeClock();
  const store = createMemoryStore({ clock });
  const proxies = Array.from({ length: CROWD }, (_, i) => {
    const id = { type: "dataplane", mesh: "default", name: `web-${i}` } as const;
    const metadata = readNodeMetadata({ "dataplane.admin.port": "9901", "dataplane.resource": "{}" });
    return { id, metadata, credential: undefined, peer: "10.9.9.9:40000" } satisfies ProxyCandidate;
  });
  const networking = (i: number) => ({
    address: `10.0.${i >> 8}.${i & 255}`,
    inbound: [{ port: 80, tags: { "kuma.io/service": "web" } }],
  });
  await store.commit(
    proxies.map(({ id: { name } }, i) => ({
      kind: "put",
      resource: { type: "Dataplane", mesh: "default", name, labels: {}, spec: { networking: networking(i) } },
    })),
  );
  let isLost = false;
  let running = 0;
  let most = 0;
  const knock: Knock = async ({ address }) => {
    running += 1;
    most = Math.max(most, running);
    const [, , third = 0, last = 0] = address.split(".").map(Number);
    const outcome = isLost ? fateOf((third << 8) + last) : "accepted";
    if (outcome === "silent") await new Promise<void>((resolve) => clock.setTimeout(resolve, TIMEOUT_MS));
    running -= 1;
    return outcome;
  };
  const queue = new KnockQueue({ knock, atOnce: AT_ONCE, onKnocked: () => {} });
  const lost = new LostProxies({
    store,
    clock,
    queue,
    graceMs: GRACE_MS,
    isHealthReported: true,
    onZoneProxyGone: () => {},
    onEvent: () => {},
  });
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      clock.advance(STEP_MS);
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const withdrawn = (): readonly number[] =>
    proxies.flatMap(({ id: { mesh, name } }, i) => {
      const stored = store.get({ type: "Dataplane", mesh, name });
      return JSON.stringify(stored?.spec).includes("NotReady") ? [i] : [];
    });

  for (const proxy of proxies) lost.served(proxy);
  await pass(1_000);
  expect(lost.reachable).toBe(CROWD);
  isLost = true;
  for (const proxy of proxies) lost.lost(proxy);
  // The first round of all, those that time out among them.
  await pass((CROWD / 2 / AT_ONCE) * TIMEOUT_MS + 1_000);
  expect(withdrawn()).toEqual(proxies.flatMap((_, i) => (fateOf(i) === "refused" ? [i] : [])));
  await pass(GRACE_MS);
  expect(withdrawn().length).toBe(CROWD / 10);
  expect([most, running, queue.waiting, clock.pendingTimers]).toEqual([AT_ONCE, 0, 0, 0]);
});
