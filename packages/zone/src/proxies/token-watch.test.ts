import { generateKeyPairSync } from "node:crypto";
import type { GrpcStatus } from "@isthmus/grpc-kit";
import { dataplaneKeyRing, keyAddress, TokenIssuer } from "@isthmus/identity";
import type { ResourceKey } from "@isthmus/resources";
import { createMemoryStore } from "@isthmus/store";
import { eventually, FakeClock } from "@isthmus/testkit";
import type { ProxyCandidate } from "@isthmus/xds";
import { describe, expect, it } from "vitest";
import { ProxyTokens, type ProxyTokensOptions } from "./proxy-tokens.ts";
import { TokenWatch } from "./token-watch.ts";

const HOUR = 3_600_000;
const RING = dataplaneKeyRing("default");
const KEY = keyAddress(RING, "1");
const PEM = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs1", format: "pem" });

async function rig(options: Partial<ProxyTokensOptions> = {}) {
  const clock = new FakeClock();
  const store = createMemoryStore({ clock });
  const put = (key: ResourceKey, text: string | Buffer) =>
    store.commit([
      { kind: "put", resource: { ...key, labels: {}, spec: { data: Buffer.from(text).toString("base64") } } },
    ]);
  await put(KEY, PEM);
  let made = 0;
  const issuer = new TokenIssuer({ store, clock, uuid: () => `id-${(made += 1)}` });
  const tokens = new ProxyTokens({
    store,
    clock,
    zone: "west",
    isFederated: true,
    dataplanes: "dpToken",
    zoneProxies: "zoneToken",
    ...options,
  });
  let asked = 0;
  let answered = 0;
  const stillCounts: ProxyTokens["stillCounts"] = async (...args) => {
    asked += 1;
    const verdict = await tokens.stillCounts(...args);
    answered += 1;
    return verdict;
  };
  const watch = new TokenWatch({ store, clock, tokens: { stillCounts } });
  const ended: [name: string, reason: string][] = [];
  /** Of a proxy with a token of its own, unless another is given; `id-1` is the token of the first, and so on. */
  const connect = async (name: string, credential?: string) => {
    const identity = { name, mesh: "default", tags: {}, type: "dataplane", workload: "" };
    const issued = await issuer.dataplane(identity, HOUR);
    if (!issued.ok) throw new Error(issued.error.detail);
    const id = { type: "dataplane", mesh: "default", name };
    const candidate = { id, credential: credential ?? issued.value } as Partial<ProxyCandidate> as ProxyCandidate;
    return watch.watch(candidate, ({ details }: GrpcStatus) => ended.push([name, details]));
  };
  /** All checks that were begun are over. */
  const settled = async (): Promise<void> => {
    await eventually(() => asked === answered);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, store, put, watch, ended, connect, settled };
}

describe("the stream of a proxy", () => {
  it("ends when its token is revoked, and no other", async () => {
    const { put, connect, ended, settled } = await rig();
    await connect("web-1");
    await connect("web-2");
    await settled();
    expect(ended).toEqual([]);
    await put({ type: "Secret", mesh: "default", name: "dataplane-token-revocations-default" }, "id-7,id-2");
    await eventually(() => ended.length > 0);
    await settled();
    expect(ended).toEqual([["web-2", "authentication failed: token is revoked"]]);
  });

  it("ends when the key of its token is gone", async () => {
    const { store, connect, ended } = await rig();
    await connect("web-1");
    await store.commit([{ kind: "delete", key: KEY }]);
    await eventually(() => ended.length > 0);
    expect(ended[0]?.[1]).toContain("there is no signing key with KID 1");
  });

  it("ends when its token expires, not before", async () => {
    const { clock, connect, ended, settled } = await rig();
    await connect("web-1");
    await settled();
    expect(clock.pendingTimers).toBe(1);
    clock.advance(HOUR - 1);
    await settled();
    expect(ended).toEqual([]);
    clock.advance(1);
    await eventually(() => ended.length > 0);
    expect(ended).toEqual([["web-1", "authentication failed: token is expired"]]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("ends when its token was revoked since it was admitted", async () => {
    const { put, connect, ended } = await rig();
    await put({ type: "GlobalSecret", mesh: "", name: "dataplane-token-revocations-default" }, "id-1");
    await connect("web-1");
    await eventually(() => ended.length > 0);
    expect(ended).toEqual([["web-1", "authentication failed: token is revoked"]]);
  });

  it("is watched no more when it is over, or when the zone stops", async () => {
    const { clock, put, watch, connect, ended, settled } = await rig();
    const over = await connect("web-1");
    await connect("web-2");
    await settled();
    over();
    watch.stop();
    expect(clock.pendingTimers).toBe(0);
    await put({ type: "Secret", mesh: "default", name: "dataplane-token-revocations-default" }, "id-1,id-2");
    await settled();
    expect(ended).toEqual([]);
  });

  it("does not end where nobody is asked for a token", async () => {
    const { clock, put, connect, ended, settled } = await rig({ dataplanes: "none" });
    await connect("web-1", "anything");
    await put(KEY, PEM);
    await settled();
    expect([ended, clock.pendingTimers]).toEqual([[], 0]);
  });
});
