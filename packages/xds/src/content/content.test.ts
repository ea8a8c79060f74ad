import { create, fromBinary } from "@bufbuild/protobuf";
import { envoyToBinary } from "@isthmus/proto/envoy";
import { ClusterSchema } from "@isthmus/proto/envoy/config/cluster/v3/cluster";
import {
  DeltaDiscoveryResponseSchema,
  DiscoveryResponseSchema,
} from "@isthmus/proto/envoy/service/discovery/v3/discovery";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CLUSTER_TYPE } from "../type-urls.ts";
import { differenceBytes } from "./difference-bytes.ts";
import type { EncodedResource } from "./encoded-resource.ts";
import { ResourcePool } from "./resource-pool.ts";
import type { ResourceSet } from "./resource-set.ts";

const pool = new ResourcePool();
const resource = (name: string, content: string): EncodedResource =>
  pool.resource(CLUSTER_TYPE, name, new TextEncoder().encode(content));
const setOf = (content: Readonly<Record<string, string>>): ResourceSet =>
  pool.set(Object.entries(content).map(([name, text]) => resource(name, text)));
const contentOf = (set: ResourceSet): Record<string, string> =>
  Object.fromEntries([...set].map(({ name, body }) => [name, new TextDecoder().decode(body)]));

describe("an encoded resource", () => {
  const cluster = create(ClusterSchema, { name: "backend", altStatName: "x".repeat(300) });
  const encoded = pool.resource(CLUSTER_TYPE, "backend", envoyToBinary(ClusterSchema, cluster));

  it("stands in a state-of-the-world response as the generated code reads it", () => {
    const { resources } = fromBinary(DiscoveryResponseSchema, encoded.stateFrame);
    expect(resources.map(({ typeUrl }) => typeUrl)).toEqual([CLUSTER_TYPE]);
    expect(fromBinary(ClusterSchema, resources[0]?.value ?? new Uint8Array())).toEqual(cluster);
    expect(encoded.stateBytes).toBe(encoded.stateFrame.byteLength);
  });

  it("stands in a delta response with its name and version", () => {
    const { resources } = fromBinary(DeltaDiscoveryResponseSchema, encoded.deltaFrame);
    expect(resources.map(({ name, version, resource: any }) => [name, version, any?.typeUrl])).toEqual([
      ["backend", encoded.version, CLUSTER_TYPE],
    ]);
    expect(fromBinary(ClusterSchema, resources[0]?.resource?.value ?? new Uint8Array())).toEqual(cluster);
    expect(encoded.deltaBytes).toBe(encoded.deltaFrame.byteLength);
  });

  it("is one object for equal content, and its version depends on content and type", () => {
    const body = envoyToBinary(ClusterSchema, cluster);
    expect(pool.resource(CLUSTER_TYPE, "backend", body)).toBe(encoded);
    expect(pool.resource(CLUSTER_TYPE, "other", body).version).toBe(encoded.version);
    expect(pool.resource("another.type", "backend", body).version).not.toBe(encoded.version);
    expect(encoded.body).toEqual(body);
  });
});

const contents = fc.dictionary(fc.string({ minLength: 1, maxLength: 12 }), fc.constantFrom("a", "b", "c"), {
  maxKeys: 80,
  noNullPrototype: true,
});

describe("a resource set", () => {
  it("holds what was put in, whatever the order, and equal content is the same object", () => {
    fc.assert(
      fc.property(contents, (content) => {
        const set = setOf(content);
        expect(contentOf(set)).toEqual(content);
        expect(set.size).toBe(Object.keys(content).length);
        expect(setOf(Object.fromEntries(Object.entries(content).reverse()))).toBe(set);
        expect(new ResourcePool().set(set).version).toBe(set.version);
        for (const name of Object.keys(content)) expect(set.get(name)?.name).toBe(name);
        expect(set.get("not there at all")).toBeUndefined();
      }),
    );
  });

  it("tells the difference to an older one: applying it leads to the newer one", () => {
    fc.assert(
      fc.property(contents, contents, (before, after) => {
        const older = setOf(before);
        const newer = setOf(after);
        const { upserts, removals } = newer.since(older);
        expect(older.with(upserts, removals)).toBe(newer);
        for (const { name, version } of upserts) expect(older.get(name)?.version).not.toBe(version);
        for (const name of removals) expect(older.has(name)).toBe(true);
        if (older.size > 0) expect(newer.since(older)).toBe(newer.since(older));
      }),
    );
  });

  it("is the same to readers whatever it holds as its own, and the others share the rest", () => {
    fc.assert(
      fc.property(contents, contents, contents, (before, own, after) => {
        const all = { ...before, ...own };
        const ownResources = Object.entries(own).map(([name, text]) => resource(name, text));
        const apart = setOf(before).withOwn(ownResources);
        expect(contentOf(apart)).toEqual(all);
        for (const name of Object.keys(all)) expect(apart.get(name)).toBe(setOf(all).get(name));
        expect(apart.since(setOf(all))).toEqual({ upserts: [], removals: [] });
        expect(setOf(all).since(apart)).toEqual({ upserts: [], removals: [] });
        for (const newer of [setOf(after), setOf(after).withOwn(ownResources)]) {
          const { upserts, removals } = newer.since(apart);
          expect(contentOf(apart.with(upserts, removals))).toEqual(contentOf(newer));
          for (const { name, version } of upserts) expect(apart.get(name)?.version).not.toBe(version);
          for (const name of removals) expect(apart.has(name) && !newer.has(name)).toBe(true);
        }
        const kept = pool.names(Object.keys(own));
        expect(contentOf(apart.restrictedTo(kept))).toEqual(own);
        expect([...apart.stateParts()].reduce((sum, { byteLength }) => sum + byteLength, 0)).toBe(apart.stateBytes);
      }),
    );
  });

  it("has one bucket more where a proxy has something of its own", () => {
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`shared-${i}`, `content ${i}`]));
    const set = setOf(many);
    const before = pool.counts;
    const other = set.withOwn([resource("inbound-1", "mine"), resource("inbound-2", "mine")]);
    expect(pool.counts.buckets - before.buckets).toBe(1);
    expect(set.withOwn([resource("inbound-2", "mine"), resource("inbound-1", "mine")])).toBe(other);
    expect(other.since(set).upserts.map(({ name }) => name)).toEqual(["inbound-1", "inbound-2"]);
    expect(other.with([resource("inbound-1", "new")]).since(other).upserts).toEqual([resource("inbound-1", "new")]);
  });

  it("is restricted to names", () => {
    fc.assert(
      fc.property(contents, fc.array(fc.string({ minLength: 1, maxLength: 12 })), (content, others) => {
        const set = setOf(content);
        const wanted = [...Object.keys(content).filter((_, index) => index % 2 === 0), ...others];
        const expected = Object.entries(content).filter(([name]) => wanted.includes(name));
        expect(set.restrictedTo(pool.names(wanted))).toBe(setOf(Object.fromEntries(expected)));
        expect(set.restrictedTo(pool.names(Object.keys(content)))).toBe(set);
      }),
    );
  });

  it("shares what did not change", () => {
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`service-${i}`, `content ${i}`]));
    const set = setOf(many);
    const before = pool.counts;
    const other = set.with([resource("service-7", "new")]);
    expect(pool.counts.buckets - before.buckets).toBe(1);
    expect(other.since(set).upserts.map(({ name }) => name)).toEqual(["service-7"]);
    expect(other.with([resource("service-7", "content 7")])).toBe(set);
  });
});

describe("names", () => {
  it("are one object for the same names in any order", () => {
    expect(pool.names(["a", "b", "a"])).toBe(pool.names(["b", "a"]));
    expect(pool.names(["a"])).not.toBe(pool.names(["a", "b"]));
    expect(pool.names([])).toBe(pool.names([]));
  });
});

describe("the bytes of a difference", () => {
  const older = setOf({ a: "1", b: "1" });
  const { upserts } = setOf({ a: "2", b: "2", c: "x".repeat(100_000), d: "2" }).since(older);
  const bytesOf = (variant: "state" | "delta") => {
    const { size, parts } = differenceBytes(upserts, variant);
    const made = [...parts()];
    return { size, made, whole: Buffer.concat(made) };
  };

  it.each(["state", "delta"] as const)(
    "are its frames, in parts for the first and shared by all others: %s",
    (variant) => {
      const expected = Buffer.concat(upserts.map((each) => (variant === "state" ? each.stateFrame : each.deltaFrame)));
      const [first, second, third] = [bytesOf(variant), bytesOf(variant), bytesOf(variant)];
      for (const { size, whole } of [first, second, third]) {
        expect(size).toBe(expected.byteLength);
        expect(whole.equals(expected)).toBe(true);
      }
      expect(first.made.length).toBeGreaterThan(1);
      expect(third.made).toEqual([second.made[0]]);
      expect(third.made[0]).toBe(second.made[0]);
    },
  );
});
