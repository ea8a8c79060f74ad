import { nodeKeyMaker, ResourceManager } from "@isthmus/manager";
import { builtinTypes, Registry } from "@isthmus/resources";
import { ok } from "@isthmus/std";
import { createMemoryStore } from "@isthmus/store";
import { FakeClock } from "@isthmus/testkit";
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
  const onEvent = (): void => {};
  const registration = new ProxyRegistration({
    store,
    registry,
    manager,
    clock,
    tokens,
    deregistrationDelayMs: 10_000,
    onEvent,
  });
  return { store, registration, checked };
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
