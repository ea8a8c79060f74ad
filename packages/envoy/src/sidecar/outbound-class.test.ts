/** What a class does not show of its proxies must not matter to their outbounds; over all golden cases of sidecars. */
import { policyKinds, policyOf } from "@isthmus/policy";
import { builtinTypes, Registry } from "@isthmus/resources";
import { clientOf, outboundsFor } from "@isthmus/topology";
import { describe, expect, it } from "vitest";
import { GOLDEN_CASES, readGoldenCase, translationOf } from "../testing/golden-case.ts";
import { OUTBOUND_POLICIES, outboundClassOf } from "./outbound-class.ts";
import { redirected, translateOutbound } from "./sidecar.ts";

const NOT_ABOUT_OUTBOUNDS = ["MeshTrafficPermission", "MeshPassthrough", "MeshMetric"];

const sidecars = GOLDEN_CASES.flatMap((name) => {
  const { proxy, translation } = translationOf(readGoldenCase(name));
  if (proxy === undefined) return [];
  const sidecar = redirected(proxy, translation);
  const shared = outboundClassOf(sidecar, translation);
  return shared === undefined ? [] : [{ name, proxy: sidecar, shared, translation }];
});

describe("classes of sidecars", () => {
  it("know every type of policy", () => {
    const types = policyKinds(new Registry(builtinTypes)).map(({ name }) => name);
    expect([...Object.keys(OUTBOUND_POLICIES), ...NOT_ABOUT_OUTBOUNDS].sort()).toEqual([...types].sort());
  });

  it.each(sidecars)("show everything that outbounds depend on: $name", ({ proxy, shared, translation }) => {
    const { world } = translation;
    const whole = {
      ...shared,
      proxy,
      client: { ...clientOf(proxy, world), strategies: shared.client.strategies },
      traits: translation.traits,
      tls: translation.identities.of(proxy.mesh),
    };
    const outbounds = outboundsFor(shared.proxy, world);
    expect(outbounds).toEqual(outboundsFor(proxy, world));
    for (const outbound of outbounds) {
      expect(translateOutbound(shared, outbound, translation)).toEqual(translateOutbound(whole, outbound, translation));
    }
  });

  it.each(sidecars)(
    "are the same for another instance, not for another reach: $name",
    ({ proxy, shared, translation }) => {
      const { resource } = proxy;
      const written = { version: resource.version + 1, creationTime: "2026-01-01T00:00:00Z" };
      const twin = {
        ...proxy,
        name: "twin",
        address: "10.99.99.99",
        resource: { ...resource, ...written, name: "twin" },
      };
      expect(outboundClassOf(twin, translation)).toEqual(shared);
      const other = { ...proxy, isTransparent: !proxy.isTransparent };
      expect(outboundClassOf(other, translation)?.key).not.toBe(shared.key);
    },
  );

  it("are not made where outbounds say who their proxy is", () => {
    const { proxy, translation } = translationOf(readGoldenCase("outbound-a-local"));
    if (proxy === undefined) throw new Error("no proxy");
    const backends = [{ type: "File", file: { path: "/var/log/x" } }];
    const spec = { to: [{ targetRef: { kind: "Mesh" }, default: { backends } }] };
    const log = policyOf({ ...proxy.resource, type: "MeshAccessLog", name: "all", labels: {}, spec });
    const policies = (type: string) => (type === "MeshAccessLog" ? [log] : []);
    expect(outboundClassOf(proxy, { ...translation, policies })).toBeUndefined();
  });
});
