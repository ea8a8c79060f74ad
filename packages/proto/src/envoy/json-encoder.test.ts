import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { type DescMessage, equals, fromBinary, fromJson } from "@bufbuild/protobuf";
import { AnySchema } from "@bufbuild/protobuf/wkt";
import type { JsonObject, JsonValue } from "@isthmus/std";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toDeterministicBinary } from "../deterministic-binary.ts";
import { registry } from "../registry.ts";
import { specFromJson } from "../spec-codec.ts";
import { arbitrarySpecJson } from "../testing/arbitrary-spec.ts";
import { goEncodings } from "../testing/recorded.ts";
import { ClusterSchema } from "./gen/envoy/config/cluster/v3/cluster_pb.ts";
import { MetadataSchema } from "./gen/envoy/config/core/v3/base_pb.ts";
import { ClusterLoadAssignmentSchema } from "./gen/envoy/config/endpoint/v3/endpoint_pb.ts";
import { RouteActionSchema } from "./gen/envoy/config/route/v3/route_components_pb.ts";
import { envoyBinaryFromJson, envoyFromJson, envoyRegistry, envoyToBinary, envoyToJson } from "./index.ts";
import { JsonEncoder } from "./json-encoder.ts";

const hex = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString("hex");
const encoder = new JsonEncoder(envoyRegistry);
const specEncoder = new JsonEncoder(registry);

const specs = [...registry]
  .filter((desc): desc is DescMessage => desc.kind === "message" && desc.typeName.startsWith("kuma."))
  .filter((desc) => desc.typeName !== "kuma.mesh.v1alpha1.KumaResource");

describe("what it writes", () => {
  it("is what Go writes", () => {
    let written = 0;
    for (const { name, json, raw } of goEncodings()) {
      const bytes = specEncoder.encode(registry.getMessage(name) as DescMessage, json);
      if (bytes === undefined) continue;
      written += 1;
      expect(hex(bytes), name).toBe(hex(raw));
    }
    expect(written).toBeGreaterThan(goEncodings().length / 2);
  });

  it("of recorded configurations is the same message", () => {
    const dumps = readFileSync(new URL("../../testdata/envoy/config-dumps.jsonl", import.meta.url), "utf8");
    for (const line of dumps.trimEnd().split("\n")) {
      const { config } = JSON.parse(line) as { config: JsonObject };
      const message = fromJson(AnySchema, config as never, { registry: envoyRegistry });
      // Dumps spell names as descriptions do, and have timestamps.
      for (const resource of resourcesIn(plain(message))) {
        const bytes = encoder.encode(AnySchema, resource);
        expect(bytes, JSON.stringify(resource)).toBeDefined();
        const expected = fromJson(AnySchema, resource as never, { registry: envoyRegistry });
        const options = { registry: envoyRegistry, unpackAny: true };
        expect(equals(AnySchema, fromBinary(AnySchema, bytes ?? new Uint8Array()), expected, options)).toBe(true);
      }
    }
  });

  it.each(specs.map((desc) => [desc.typeName, desc] as const))("is as from a message: %s", (name, desc) => {
    fc.assert(
      fc.property(arbitrarySpecJson(desc), (json) => {
        const message = specFromJson(name, json);
        if (!message.ok) throw new Error(message.error);
        const bytes = specEncoder.encode(desc, json);
        if (bytes !== undefined) expect(hex(bytes)).toBe(hex(toDeterministicBinary(desc, message.value)));
      }),
      { numRuns: 15 },
    );
  });

  it("has maps in the order of their keys, also inside of an Any", () => {
    const log = (keys: readonly string[]) => ({
      "@type": "type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
      logFormat: { jsonFormat: Object.fromEntries(keys.map((key) => [key, key])) },
    });
    expect(hex(encoder.encode(AnySchema, log(["b", "a", "1"])))).toBe(
      hex(encoder.encode(AnySchema, log(["1", "a", "b"]))),
    );
  });

  it("grows with its messages", () => {
    const json = { name: "x".repeat(200_000), altStatName: "\u{1F600}".repeat(50_000) };
    const message = fromBinary(ClusterSchema, encoder.encode(ClusterSchema, json) ?? new Uint8Array());
    expect(message).toMatchObject(json);
  });
});

describe("what it declines", () => {
  const deep = (levels: number): JsonValue => (levels === 0 ? 1 : [deep(levels - 1)]);
  it.each<[string, DescMessage, JsonValue]>([
    ["no object", ClusterSchema, "name"],
    ["an unknown member", ClusterSchema, { nam: "a" }],
    ["names of descriptions", ClusterSchema, { alt_stat_name: "a" }],
    ["a member of the prototype", ClusterSchema, { constructor: 1 }],
    ["a wrong kind", ClusterSchema, { name: 1 }],
    ["an unknown enum", ClusterSchema, { lbPolicy: "BEST" }],
    ["enums by number", ClusterSchema, { lbPolicy: 1 }],
    ["a fraction", ClusterLoadAssignmentSchema, { policy: { overprovisioningFactor: 1.5 } }],
    ["a negative unsigned number", ClusterLoadAssignmentSchema, { policy: { overprovisioningFactor: -1 } }],
    ["a number out of range", ClusterLoadAssignmentSchema, { policy: { overprovisioningFactor: 2 ** 32 } }],
    ["a duration without unit", ClusterSchema, { connectTimeout: "1" }],
    ["a duration that is too long", ClusterSchema, { connectTimeout: "315576000001s" }],
    ["two members of a oneof", RouteActionSchema, { cluster: "a", weightedClusters: {} }],
    ["null in a list", ClusterLoadAssignmentSchema, { endpoints: [null] }],
    ["half of a character", ClusterSchema, { name: "\ud800" }],
    ["an Any without a type", AnySchema, { name: "a" }],
    ["an Any of an unknown type", AnySchema, { "@type": "type.googleapis.com/envoy.api.v2.Cluster" }],
    [
      "an Any of a well-known type",
      AnySchema,
      { "@type": "type.googleapis.com/google.protobuf.Duration", value: "1s" },
    ],
    ["a second @type", AnySchema, { "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster", nam: "a" }],
    ["what is nested too deep", MetadataSchema, { filterMetadata: { a: { a: deep(100) } } }],
  ])("%s", (_, desc, json) => {
    expect(encoder.encode(desc, json)).toBeUndefined();
  });

  it("does not harm what comes next", () => {
    expect(encoder.encode(ClusterSchema, { name: "a", nam: "b" })).toBeUndefined();
    expect(hex(encoder.encode(ClusterSchema, { name: "a" }))).toBe("0a0161");
  });

  it("is all that the reader of messages refuses", () => {
    const document = {
      name: "a",
      connectTimeout: "1.5s",
      lbPolicy: "RING_HASH",
      loadAssignment: { clusterName: "a", policy: { overprovisioningFactor: 140 } },
      metadata: { filterMetadata: { "io.kuma": { zones: ["east", 1, true], depth: { at: 0.5 } } } },
      typedExtensionProtocolOptions: {
        http: {
          "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
          explicitHttpConfig: { http2ProtocolOptions: { maxConcurrentStreams: 5 } },
        },
      },
      transportSocketMatches: [{ name: "east", match: { zone: "east" } }],
    };
    const oddity = fc.oneof(
      fc.constantFrom<JsonValue>(null, true, 0, -1, 1.5, 2 ** 40, "", "5", "1s", "RING_HASH", [], {}, [null], { a: 1 }),
      fc.jsonValue() as fc.Arbitrary<JsonValue>,
    );
    let taken = 0;
    fc.assert(
      fc.property(fc.nat(), oddity, (place, odd) => {
        const json = withOddity(document, place, odd);
        const bytes = encoder.encode(ClusterSchema, json);
        if (bytes === undefined) return;
        taken += 1;
        const read = envoyFromJson(ClusterSchema, json);
        if (!read.ok) throw new Error(`${read.error}: ${JSON.stringify(json)}`);
        const options = { registry: envoyRegistry, unpackAny: true };
        expect(equals(ClusterSchema, fromBinary(ClusterSchema, bytes), read.value, options)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
    expect(taken).toBeGreaterThan(0);
  });
});

describe("bytes of JSON", () => {
  it("are equal, however it is spelled", () => {
    const bytes = (json: JsonObject) => envoyBinaryFromJson(ClusterSchema, json);
    const spelled = bytes({ name: "a", connectTimeout: "1s", lbPolicy: "RING_HASH", metadata: {} });
    expect(bytes({ connect_timeout: "1.000s", lb_policy: 2, name: "a", metadata: {} })).toEqual(spelled);
    expect(spelled.ok).toBe(true);
  });

  it("are those of the message where there is no plain spelling", () => {
    const schema = envoyRegistry.getMessage("envoy.admin.v3.ClustersConfigDump") as DescMessage;
    const json = { staticClusters: [{ lastUpdated: "2026-01-02T03:04:05Z" }] };
    const read = envoyFromJson(schema, json);
    if (!read.ok) throw new Error(read.error);
    expect(encoder.encode(schema, json)).toBeUndefined();
    expect(envoyBinaryFromJson(schema, json)).toEqual({ ok: true, value: envoyToBinary(schema, read.value) });
  });

  it("are refused with the error of the reader", () => {
    const json = { connectTimeout: "soon" };
    expect(envoyBinaryFromJson(ClusterSchema, json)).toEqual(envoyFromJson(ClusterSchema, json));
  });
});

function plain(message: ReturnType<typeof fromJson<typeof AnySchema>>): JsonObject {
  const json = envoyToJson(AnySchema, message);
  if (!json.ok) throw new Error(json.error);
  return json.value;
}

/** Clusters, listeners and the like: every object with a type, from the outermost one without a timestamp. */
function resourcesIn(json: JsonValue): readonly JsonObject[] {
  if (json === null || typeof json !== "object") return [];
  if (Array.isArray(json)) return json.flatMap((item) => resourcesIn(item as JsonValue));
  const object = json as JsonObject;
  if ("@type" in object && !JSON.stringify(object).includes('"lastUpdated"')) return [object];
  return Object.values(object).flatMap((member) => resourcesIn(member ?? null));
}

/** With another value at one of its places, counted in the order of JSON. */
function withOddity(document: JsonValue, place: number, odd: JsonValue): JsonValue {
  let count = 0;
  JSON.stringify(document, (_, value: unknown) => {
    count += 1;
    return value;
  });
  let left = place % count;
  return JSON.parse(
    JSON.stringify(document, (_, value: unknown) => {
      left -= 1;
      return left === -1 ? odd : value;
    }),
  ) as JsonValue;
}
