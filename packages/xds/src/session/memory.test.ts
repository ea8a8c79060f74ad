/** A18: what a proxy costs on a mesh of a thousand services, when every proxy differs from all others in its inbound. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { ResourcePool } from "../content/resource-pool.ts";
import type { ResourceSet } from "../content/resource-set.ts";
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, type TypeUrl } from "../type-urls.ts";
import { createAds, stepAds } from "./ads-session.ts";
import type { AdsState, AdsVariant } from "./ads-state.ts";

const SERVICES = 1_000;
const PROXIES = 200;

setFlagsFromString("--expose_gc");
const collectGarbage = runInNewContext("gc") as () => void;

function heapUsed(): number {
  for (let i = 0; i < 3; i += 1) collectGarbage();
  return process.memoryUsage().heapUsed + process.memoryUsage().external;
}

describe.each(["state", "delta"] as const)("A18: %s", (variant: AdsVariant) => {
  it("1,000 services cost a proxy at most 30 KB", () => {
    const pool = new ResourcePool();
    const names = Array.from({ length: SERVICES }, (_, i) => `default_service-${i}___msvc_8080`);
    const sharedSet = (typeUrl: TypeUrl): ResourceSet =>
      pool.set(names.map((name) => pool.resource(typeUrl, name, Buffer.from(`${name} ${"x".repeat(300)}`))));
    const shared = new Map([CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE].map((type) => [type, sharedSet(type)]));
    const open = (index: number): AdsState => {
      const state = createAds({ variant, pool, nackBackoffMs: 5_000, openedAt: 0 });
      const own = (typeUrl: TypeUrl) => pool.resource(typeUrl, `inbound-${index}`, Buffer.from(`of ${index}`));
      const resources = new Map(
        [...shared].map(([type, set]) => [type, type === ENDPOINT_TYPE ? set : set.with([own(type)])] as const),
      );
      stepAds(state, { kind: "snapshot", snapshot: { revision: 1, resources } }, { now: 0 });
      for (const type of [CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE]) {
        // Strings of their own, as they come from the wire.
        const wanted = type === ENDPOINT_TYPE ? names.map((name) => Buffer.from(name).toString("latin1")) : [];
        const request = (nonce: string) =>
          stepAds(
            state,
            {
              kind: "request",
              typeUrl: type,
              nonce,
              error: undefined,
              interest:
                variant === "state"
                  ? { variant, names: wanted }
                  : { variant, subscribe: nonce === "" ? wanted : [], unsubscribe: [], initialVersions: {} },
            },
            { now: 0 },
          );
        request("");
        request(state.types.get(type)?.lastNonce ?? "");
      }
      return state;
    };
    const first = [open(0), open(1)];
    const before = heapUsed();
    const states = Array.from({ length: PROXIES }, (_, i) => open(i + 2));
    const perProxy = (heapUsed() - before) / PROXIES;
    expect([...first, ...states].every(({ types }) => [...types.values()].every(({ phase }) => phase === "idle"))).toBe(
      true,
    );
    expect(perProxy).toBeLessThan(30_000);
  });
});
