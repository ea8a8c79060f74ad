/** From a change at the global to the bytes of the responses for 100 zones, ACKs included. Run: npx vitest bench packages/kds */

import { systemClock } from "@isthmus/std";
import { createMemoryStore, type Op } from "@isthmus/store";
import { bench, describe } from "vitest";
import { Outbox } from "../feed/outbox.ts";
import { ALL_FEATURES } from "../mapping/features.ts";
import { registry } from "../testing/make-resource.ts";
import { encodeResponse } from "../wire/response.ts";
import { createSender, type SenderEffect, type SenderEvent, type SenderState, stepSender } from "./sender.ts";

const ZONES = 100;

async function connected(resources: number) {
  const store = createMemoryStore({ clock: systemClock });
  const put = (i: number, seconds: number): Op => {
    const to = [{ targetRef: { kind: "Mesh" }, default: { idleTimeout: `${seconds}s` } }];
    const spec = { targetRef: { kind: "Mesh" }, to };
    return { kind: "put", resource: { type: "MeshTimeout", mesh: "default", name: `timeout-${i}`, labels: {}, spec } };
  };
  await store.commit(Array.from({ length: resources }, (_, i) => put(i, 1)));
  const outbox = new Outbox({ registry, store, role: { kind: "global" } });
  outbox.start();
  const context = { outboxFor: () => outbox.view(ALL_FEATURES), maxMessageBytes: 10 * 1024 * 1024, now: 0 };
  const sessions = Array.from({ length: ZONES }, (_, i) =>
    createSender({ zone: `zone-${i}`, features: ALL_FEATURES, takesIntents: true, openedAt: 0 }),
  );
  let bytes = 0;
  const send = (session: SenderState, event: SenderEvent): void => {
    for (const effect of stepSender(session, event, context)) if (effect.kind === "send") answer(session, effect);
  };
  const answer = (session: SenderState, effect: Extract<SenderEffect, { kind: "send" }>): void => {
    bytes += encodeResponse(effect, "global").byteLength;
    send(session, request(effect.type, effect.nonce));
  };
  for (const session of sessions) {
    for (const type of outbox.view(ALL_FEATURES).types()) send(session, request(type, ""));
  }
  outbox.subscribe((change) => {
    for (const session of sessions) send(session, { kind: "changed", ...change });
  });
  let seconds = 1;
  return async (changes: number): Promise<number> => {
    seconds += 1;
    await store.commit(Array.from({ length: changes }, (_, i) => put(i, seconds)));
    return bytes;
  };
}

function request(type: string, nonce: string): SenderEvent {
  const none = { unsubscribe: [], initialVersions: new Map(), error: undefined, held: undefined };
  return { kind: "request", type, nonce, subscribe: nonce === "" ? ["*"] : [], features: ALL_FEATURES, ...none };
}

describe.each([10, 10_000])("100 zones, %d policies", async (resources) => {
  const change = await connected(resources);

  bench("one policy changes", async () => {
    await change(1);
  });

  bench("ten policies change in one commit", async () => {
    await change(10);
  });
});
