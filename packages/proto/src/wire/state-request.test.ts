import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DiscoveryRequest, DiscoveryRequestSchema } from "../envoy/gen/envoy/service/discovery/v3/discovery_pb.ts";
import { decodeStateRequest, type NamesRegion, type StateRequest } from "./state-request.ts";
import { WireWriter } from "./wire-writer.ts";

function decoded(bytes: Uint8Array, known: ReadonlyMap<string, NamesRegion> = new Map()): StateRequest {
  const result = decodeStateRequest(bytes, known);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

describe("a DiscoveryRequest", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 12 });
  const requests: fc.Arbitrary<DiscoveryRequest> = fc
    .record({
      versionInfo: text,
      typeUrl: text,
      resourceNames: fc.array(text, { maxLength: 5 }),
      responseNonce: text,
      error: fc.option(text, { nil: undefined }),
      node: fc.option(text, { nil: undefined }),
    })
    .map(({ error, node, ...rest }) =>
      create(DiscoveryRequestSchema, {
        ...rest,
        ...(error === undefined ? {} : { errorDetail: { code: 13, message: error } }),
        ...(node === undefined
          ? {}
          : {
              node: {
                id: node,
                cluster: "web",
                metadata: { "dataplane.dns.port": "15054", features: ["a"] },
                extensions: [{ name: "envoy.filters.http.router", category: "envoy.filters.http" }],
              },
            }),
      }),
    );

  it("is read as the generated code reads it", () => {
    fc.assert(
      fc.property(requests, (request) => {
        const read = decoded(toBinary(DiscoveryRequestSchema, request));
        expect(read).toEqual({
          node: request.node && { id: request.node.id, metadata: request.node.metadata },
          versionInfo: request.versionInfo,
          typeUrl: request.typeUrl,
          names: request.resourceNames,
          region: read.region,
          responseNonce: request.responseNonce,
          errorDetail: request.errorDetail && { code: 13, message: request.errorDetail.message },
        });
      }),
    );
  });

  it("does not read names again that are known for the type", () => {
    const bytes = (names: string[], nonce: string, typeUrl = "T"): Uint8Array =>
      toBinary(
        DiscoveryRequestSchema,
        create(DiscoveryRequestSchema, { typeUrl, resourceNames: names, responseNonce: nonce, versionInfo: "v" }),
      );
    const first = decoded(bytes(["a", "b"], ""));
    const known = new Map([["T", first.region]]);
    expect(first.names).toEqual(["a", "b"]);
    expect(decoded(bytes(["a", "b"], "7"), known)).toMatchObject({
      names: undefined,
      responseNonce: "7",
      typeUrl: "T",
    });
    expect(decoded(bytes(["a", "b"], "7", "U"), known)).toMatchObject({ names: ["a", "b"], typeUrl: "U" });
    expect(decoded(bytes(["a", "b", "c"], "7"), known).names).toEqual(["a", "b", "c"]);
    expect(decoded(bytes([], "7"), known).names).toEqual([]);
    expect(decoded(bytes(["a", "c"], "7"), known).names).toEqual(["a", "c"]);
  });

  it("is the same after any others, in whatever order its fields come", () => {
    const field = fc.oneof(
      fc.record({ tag: fc.constant(3), value: fc.constantFrom("a", "b", "ab") }),
      fc.record({ tag: fc.constantFrom(1, 4, 5), value: fc.constantFrom("T", "U", "a") }),
    );
    fc.assert(
      fc.property(fc.array(fc.array(field, { maxLength: 6 }), { maxLength: 8 }), (messages) => {
        const known = new Map<string, NamesRegion>();
        const lists = new Map<string, readonly string[]>();
        for (const fields of messages) {
          const bytes = fields.reduce((writer, { tag, value }) => writer.string(tag, value), new WireWriter()).finish();
          const { names, region, ...rest } = decoded(bytes, known);
          const { names: alone = [], region: _, ...others } = decoded(bytes);
          expect(rest).toEqual(others);
          expect(names ?? lists.get(rest.typeUrl)).toEqual(alone);
          known.set(rest.typeUrl, region);
          lists.set(rest.typeUrl, alone);
        }
      }),
    );
  });

  it("that is malformed is an error", () => {
    expect(decodeStateRequest(new Uint8Array([0x1a, 9, 1]), new Map()).ok).toBe(false);
    expect(decodeStateRequest(new Uint8Array([0x1a, 1, 0xff]), new Map()).ok).toBe(false);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => void decodeStateRequest(bytes, new Map())));
  });
});
