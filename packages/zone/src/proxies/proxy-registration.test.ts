import { nodeKeyMaker, ResourceManager } from "@isthmus/manager";
import { builtinTypes, Registry } from "@isthmus/resources";
import { ok } from "@isthmus/std";
import { createMemoryStore } from "@isthmus/store";
import { eventually, FakeClock } from "@isthmus/testkit";
import { type ProxyCandidate, readNodeMetadata } from "@isthmus/xds";
import { describe, expect, it } from "vitest";
import { ProxyRegistration } from "./proxy-registration.ts";
import type { ProxyTokens } from "./proxy-tokens.ts";

const RESOURCE = `
type: Dataplane
mesh: default
name: web-1
networking: { address: 10.0.0.1, inbound: [{ port: 80, tags: { kuma.io/service: web } }] }
`;

function rig() {
  const clock = new FakeClock();
  const store = createMemoryStore({ clock });
  const registry = new Registry(builtinTypes);
  const keys = nodeKeyMaker(clock);
  const manager = new ResourceManager({ registry, store, keys, mode: "zone", zoneName: "west", isFederated: false });
  const checked: string[] = [];
  const check: ProxyTokens["check"] = async ({ name }, _credential, subject) => {
    checked.push(`${name} as ${JSON.stringify(subject.spec["networking"])}`);
    return ok(undefined);
  };
  const tokens = { check } as Partial<ProxyTokens> as ProxyTokens;
  const events: string[] = [];
  const lost = {
    returning: ({ name }: ProxyCandidate["id"]) => void events.push(`${name} returns`),
    served: ({ id }: ProxyCandidate) => void events.push(`${id.name} is served`),
    lost: ({ id }: ProxyCandidate) => void events.push(`${id.name} is lost`),
    stop: () => void events.push("stopped"),
  };
  const registration = new ProxyRegistration({
    store,
    registry,
    manager,
    clock,
    tokens,
    deregistrationDelayMs: 10_000,
    lost,
    onEvent: (event) => events.push(`${event.key.name} ${event.kind}`),
  });
  return { clock, store, registration, checked, events };
}

function candidate(name: string, resource: string): ProxyCandidate {
  const metadata = readNodeMetadata(resource === "" ? {} : { "dataplane.resource": resource });
  const id = { type: "dataplane", mesh: "default", name } as const;
  return { id, metadata, credential: undefined, peer: "127.0.0.1:1" } as Partial<ProxyCandidate> as ProxyCandidate;
}

describe("a further stream of a proxy", () => {
  it("is let in by what the proxy brings while that is not stored yet", async () => {
    const { store, registration, checked } = rig();
    expect(await registration.authenticate(candidate("web-1", RESOURCE))).toEqual(ok(undefined));
    expect(checked).toEqual([expect.stringContaining("10.0.0.1")]);
    expect(store.get({ type: "Dataplane", mesh: "default", name: "web-1" })).toBeUndefined();
  });

  it("is refused for a resource of another, for one that is not valid, and without any", async () => {
    const { registration, checked } = rig();
    const refused = async (name: string, resource: string): Promise<unknown> => {
      const result = await registration.authenticate(candidate(name, resource));
      return result.ok ? "let in" : result.error.details;
    };
    expect(await refused("web-2", RESOURCE)).toBe(
      "the resource is Dataplane default/web-1, the proxy is Dataplane default/web-2",
    );
    expect(await refused("web-1", RESOURCE.replace("10.0.0.1", '""'))).toContain(
      "the resource of the proxy is not valid",
    );
    expect(await refused("web-1", "")).toBe("Dataplane web-1 not found");
    expect(checked).toEqual([]);
  });
});

describe("a proxy whose stream is over", () => {
  const KEY = { type: "Dataplane", mesh: "default", name: "web-1" };
  const connected = async (resource: string) => {
    const made = rig();
    const { registration, store, events } = made;
    await store.commit([{ kind: "put", resource: { type: "Mesh", mesh: "", name: "default", labels: {}, spec: {} } }]);
    const connect = async (): Promise<ProxyCandidate> => {
      const proxy = candidate("web-1", resource);
      expect(await registration.admit(proxy)).toEqual(ok(undefined));
      expect(await registration.register(proxy)).toEqual(ok(undefined));
      return proxy;
    };
    const proxy = await connect();
    events.splice(0);
    return { ...made, proxy, connect, isStored: () => store.get(KEY) !== undefined };
  };

  it("is looked for, and keeps its resource until the delay is over", async () => {
    const { clock, registration, proxy, connect, events, isStored } = await connected(RESOURCE);
    registration.released(proxy, false);
    clock.advance(9_999);
    const again = await connect();
    expect(events.splice(0)).toEqual(["web-1 is lost", "web-1 returns", "web-1 registered", "web-1 is served"]);
    registration.released(proxy, true);
    expect(events).toEqual([]);
    registration.released(again, false);
    clock.advance(10_000);
    await eventually(() => events.includes("web-1 deregistered"));
    expect(isStored()).toBe(false);
  });

  it("loses its resource at once when it is known to be gone, though not when it is back", async () => {
    const { registration, proxy, connect, events, isStored } = await connected(RESOURCE);
    registration.gone(proxy);
    registration.released(proxy, false);
    const again = await connect();
    registration.gone(again);
    registration.released(again, false);
    expect(isStored()).toBe(true);
    registration.gone(again);
    await eventually(() => !isStored());
    expect(events.at(-1)).toBe("web-1 deregistered");
  });

  it("is not looked for by a zone that stops", async () => {
    const { registration, proxy, events } = await connected(RESOURCE);
    registration.stop();
    registration.released(proxy, false);
    expect(events).toEqual(["stopped"]);
  });

  it("keeps a resource that somebody else made, and is looked for as well", async () => {
    const { clock, store, registration, events } = rig();
    const spec = { networking: { address: "10.0.0.1", inbound: [{ port: 80, tags: { "kuma.io/service": "web" } }] } };
    await store.commit([{ kind: "put", resource: { ...KEY, labels: {}, spec } }]);
    const proxy = candidate("web-1", "");
    expect(await registration.admit(proxy)).toEqual(ok(undefined));
    expect(await registration.register(proxy)).toEqual(ok(undefined));
    registration.released(proxy, false);
    clock.advance(60_000);
    registration.gone(proxy);
    expect(events).toEqual(["web-1 returns", "web-1 is served", "web-1 is lost"]);
    expect(store.get(KEY)).toBeDefined();
  });
});
