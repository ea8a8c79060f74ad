import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DiscoveryRequest, DiscoveryRequestSchema } from "../envoy/gen/envoy/service/discovery/v3/discovery_pb.ts";
import { decodeStateRequest, type StateRequest } from "./state-request.ts";

const never = (_type: string, _digest: string): boolean => false;

function decoded(bytes: Uint8Array, isKnown = never): StateRequest {
  const result = decodeStateRequest(bytes, isKnown);
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
          namesDigest: read.namesDigest,
          responseNonce: request.responseNonce,
          errorDetail: request.errorDetail && { code: 13, message: request.errorDetail.message },
        });
      }),
    );
  });

  it("does not read names again that are known by their digest", () => {
    const bytes = (names: string[], nonce: string): Uint8Array =>
      toBinary(
        DiscoveryRequestSchema,
        create(DiscoveryRequestSchema, { typeUrl: "T", resourceNames: names, responseNonce: nonce }),
      );
    const first = decoded(bytes(["a", "b"], ""));
    const isKnown = (type: string, digest: string): boolean => type === "T" && digest === first.namesDigest;
    expect(first.names).toEqual(["a", "b"]);
    expect(decoded(bytes(["a", "b"], "7"), isKnown).names).toBeUndefined();
    expect(decoded(bytes(["a", "b", "c"], "7"), isKnown).names).toEqual(["a", "b", "c"]);
    expect(decoded(bytes([], "7"), isKnown).names).toEqual([]);
    expect(decoded(bytes(["a", "c"], "7"), isKnown).names).toEqual(["a", "c"]);
  });

  it("that is malformed is an error", () => {
    expect(decodeStateRequest(new Uint8Array([0x1a, 9, 1]), never).ok).toBe(false);
    expect(decodeStateRequest(new Uint8Array([0x1a, 1, 0xff]), never).ok).toBe(false);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => void decodeStateRequest(bytes, never)));
  });
});
