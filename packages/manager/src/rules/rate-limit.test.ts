/** Answers of a real Kuma 2.14.3 to the same writes in the same order. */
import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { key, mesh, rig } from "../testing/rig.ts";

const service = (name: string, tag: string) => ({
  ...key("ExternalService", "m", name),
  spec: { networking: { address: "a.com:80" }, tags: { "kuma.io/service": tag } },
});
const limit = (name: string, ...destinations: JsonObject[]) => ({
  ...key("RateLimit", "m", name),
  spec: {
    sources: [{ match: { "kuma.io/service": "*" } }],
    destinations: destinations.map((match) => ({ match })),
    conf: {},
  },
});
const taken = { ok: true };
const refused = (step: string, field: string, ...reasons: string[]) => ({
  ok: false,
  error: { kind: "invalid", step, violations: reasons.map((reason) => ({ field, reason })) },
});
const ONLY_SERVICE = "RateLimit applied to external service only supports kuma.io/service as destination match";
const wouldMatch = (name: string) =>
  `ExternalService would match RateLimit '${name}' which includes incompatible destination matches`;

describe("a RateLimit with other tags than the service", () => {
  it("selects no ExternalService", async () => {
    const { put } = rig();
    await put(mesh("m"));
    await put(service("y", "y"));
    expect(await put(limit("a", { "kuma.io/service": "x", version: "1" }, { version: "2" }))).toMatchObject(taken);
    expect(await put(limit("any", { "kuma.io/service": "*", version: "1" }))).toEqual(
      refused("create", "ratelimit", ONLY_SERVICE),
    );
    const mixed = [
      { "kuma.io/service": "y", version: "1" },
      { "kuma.io/service": "y" },
      { "kuma.io/service": "*", v: "1" },
    ];
    expect(await put(limit("b", ...mixed))).toEqual(refused("create", "ratelimit", ONLY_SERVICE, ONLY_SERVICE));
    expect(await put(limit("b", { "kuma.io/service": "y" }))).toMatchObject(taken);
    expect(await put(limit("b", { "kuma.io/service": "y", version: "1" }))).toEqual(
      refused("update", "ratelimit", ONLY_SERVICE),
    );
  });

  it("keeps the ExternalServices away that it would select", async () => {
    const { put } = rig();
    await put(mesh("m"));
    await put(mesh("other"));
    await put(service("y", "y"));
    await put(limit("a", { "kuma.io/service": "x", version: "1" }));
    await put(limit("b", { "kuma.io/service": "x", version: "2" }, { "kuma.io/service": "x" }));
    const reasons = [wouldMatch("a"), wouldMatch("b")];
    expect(await put(service("x", "x"))).toEqual(refused("create", "externalservice", ...reasons));
    expect(await put(service("y", "x"))).toEqual(refused("update", "externalservice", ...reasons));
    expect(await put(service("z", "z"))).toMatchObject(taken);
    expect(await put({ ...service("x", "x"), mesh: "other" })).toMatchObject(taken);
  });

  it("of all services is fine without ExternalServices, which are then refused", async () => {
    const { put } = rig();
    await put(mesh("m"));
    const all = { "kuma.io/service": "*", version: "1" };
    expect(await put(limit("two", { "kuma.io/service": "q", version: "1" }, all))).toMatchObject(taken);
    expect(await put(service("q", "q"))).toEqual(
      refused("create", "externalservice", wouldMatch("two"), wouldMatch("two")),
    );
  });
});
