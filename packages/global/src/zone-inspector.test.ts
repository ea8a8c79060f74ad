import type { AdminFailure, AskAdmin } from "@isthmus/kds";
import { err, type JsonObject, ok, type Result } from "@isthmus/std";
import { createMemoryStore, type ResourceDraft } from "@isthmus/store";
import { FakeClock } from "@isthmus/testkit";
import { describe, expect, it } from "vitest";
import { zoneInspector } from "./zone-inspector.ts";

const ONLINE = { connectTime: "2026-01-01T00:00:00Z" };
const OFFLINE = { ...ONLINE, disconnectTime: "2026-01-01T00:00:01Z" };
const KUBERNETES = { config: JSON.stringify({ store: { type: "kubernetes" } }) };

const proxy = (name: string, labels: Record<string, string>): ResourceDraft => ({
  type: "Dataplane",
  mesh: "default",
  name,
  labels,
  spec: {},
});

async function inspectorOf(
  dataplane: ResourceDraft,
  subscription: JsonObject | undefined,
  answer: Result<Uint8Array, AdminFailure> = ok(Buffer.from("said")),
) {
  const store = createMemoryStore({ clock: new FakeClock() });
  const asked: Parameters<AskAdmin>[] = [];
  await store.commit([{ kind: "put", resource: dataplane }]);
  if (subscription !== undefined) {
    const resource = {
      type: "ZoneInsight",
      mesh: "",
      name: "east",
      labels: {},
      spec: { subscriptions: [subscription] },
    };
    await store.commit([{ kind: "put", resource }]);
  }
  const inspector = zoneInspector(store, async (...question) => {
    asked.push(question);
    return answer;
  });
  const stored = store.get(dataplane);
  if (stored === undefined) throw new Error("not stored");
  return { inspector, asked, stored };
}

const EAST = { "kuma.io/zone": "east", "kuma.io/display-name": "web" };

describe("a global asks the zone of a proxy", () => {
  it("with the question as it was put", async () => {
    const { inspector, asked, stored } = await inspectorOf(proxy("web-1a2b", EAST), ONLINE);
    const common = { type: "Dataplane", mesh: "default", name: "web" };
    expect(await inspector.configDump(stored, { includeEds: true })).toEqual(ok("said"));
    expect(await inspector.stats(stored, { format: "text", usedOnly: true })).toEqual(ok("said"));
    expect(await inspector.clusters(stored, { format: "json" })).toEqual(ok("said"));
    expect(asked).toEqual([
      ["east", { ...common, stream: "StreamXDSConfigs", includeEds: true, usedOnly: false, format: "json" }],
      ["east", { ...common, stream: "StreamStats", includeEds: false, usedOnly: true, format: "text" }],
      ["east", { ...common, stream: "StreamClusters", includeEds: false, usedOnly: false, format: "json" }],
    ]);
  });

  it.each<[string, ResourceDraft, JsonObject, string]>([
    ["the name that it has there", proxy("web-1a2b", EAST), ONLINE, "web"],
    ["its own name where no other is known", proxy("east.web", {}), ONLINE, "east.web"],
    [
      "name and namespace on Kubernetes",
      proxy("web-1a2b", { ...EAST, "k8s.kuma.io/namespace": "shop" }),
      { ...ONLINE, ...KUBERNETES },
      "web.shop",
    ],
    ["no namespace elsewhere", proxy("web-1a2b", { ...EAST, "k8s.kuma.io/namespace": "shop" }), ONLINE, "web"],
    [
      "the old name, which has the namespace",
      proxy("east.web.shop", { ...EAST, "kuma.io/display-name": "web.shop", "k8s.kuma.io/namespace": "shop" }),
      { ...ONLINE, ...KUBERNETES },
      "web.shop",
    ],
  ])("by %s", async (_, dataplane, subscription, name) => {
    const { inspector, asked, stored } = await inspectorOf(dataplane, subscription);
    await inspector.clusters(stored, { format: "text" });
    expect(asked).toEqual([["east", expect.objectContaining({ name })]]);
  });

  it.each<[string, JsonObject | undefined, Result<Uint8Array, AdminFailure> | undefined, object]>([
    ["an unknown zone", undefined, undefined, { kind: "unknown-zone" }],
    ["a zone that is offline", OFFLINE, undefined, { kind: "zone-offline" }],
    ["a zone without streams", ONLINE, err({ kind: "not-connected" }), { kind: "stream-not-connected" }],
    ["a zone that refuses", ONLINE, err({ kind: "refused", reason: "no" }), { kind: "refused", reason: "no" }],
  ])("and says why not: %s", async (_, subscription, answer, failure) => {
    const { inspector, stored } = await inspectorOf(proxy("web-1a2b", EAST), subscription, answer);
    expect(await inspector.stats(stored, { format: "text", usedOnly: true })).toEqual(err(failure));
  });
});
