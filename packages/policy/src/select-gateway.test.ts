import { describe, expect, it } from "vitest";
import { selectGateway } from "./select-gateway.ts";
import { dataplane, resource } from "./testing/builders.ts";

const edge = (labels = {}) =>
  resource(
    "Dataplane",
    "edge-1",
    { networking: { gateway: { type: "BUILTIN", tags: { "kuma.io/service": "edge", version: "v1" } } } },
    labels,
  );
const gateway = (name: string, match: Record<string, string>, labels = {}, creationTime = "2025-01-01T00:00:00Z") => ({
  ...resource("MeshGateway", name, { selectors: [{ match }] }, labels),
  creationTime,
});
const service = { "kuma.io/service": "edge" };

describe("selectGateway", () => {
  it("takes the closest selector", () => {
    const any = gateway("any", { "kuma.io/service": "*" });
    const exact = gateway("exact", service);
    const closer = gateway("closer", { ...service, version: "*" });
    const all = resource("MeshGateway", "all", {});
    const other = gateway("other", { "kuma.io/service": "x" });
    const names = [[all], [all, any], [all, any, exact], [all, any, exact, closer], [other]].map(
      (gateways) => selectGateway(edge(), gateways)?.name,
    );
    expect(names).toEqual(["all", "any", "exact", "closer", undefined]);
  });

  it("takes the youngest of equals, then the first by name, whatever the order of arrival", () => {
    const gateways = [gateway("b", service), gateway("a", service), gateway("c", service, {}, "2024-01-01T00:00:00Z")];
    expect(selectGateway(edge(), gateways)?.name).toBe("a");
    expect(selectGateway(edge(), gateways.toReversed())?.name).toBe("a");
    const young = gateway("z", service, {}, "2025-06-01T00:00:00Z");
    expect(selectGateway(edge(), [young, ...gateways])?.name).toBe("z");
  });

  it("leaves out what another zone made", () => {
    const zone = (name: string) => ({ "kuma.io/origin": "zone", "kuma.io/zone": name });
    const gateways = [gateway("east", service, zone("east"))];
    expect(selectGateway(edge(zone("west")), gateways)).toBeUndefined();
    expect(selectGateway(edge(zone("east")), gateways)?.name).toBe("east");
    expect(selectGateway(edge(zone("west")), [gateway("g", service, { "kuma.io/origin": "global" })])?.name).toBe("g");
  });

  it("is for builtin gateways only", () => {
    expect(selectGateway(dataplane(), [gateway("web", { "kuma.io/service": "web" })])).toBeUndefined();
  });
});
