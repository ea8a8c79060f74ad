import { encodeDeltaRequest } from "@isthmus/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ALL_FEATURES } from "../mapping/features.ts";
import { SenderRig } from "../session/testing/sender-rig.ts";
import { nodeMetadata, readPeerInfo } from "./node.ts";
import { encodeAck, encodeNack, encodeSubscribe, readRequest } from "./request.ts";

const METADATA = nodeMetadata({
  zone: "zone-1",
  instanceId: "zone-1-cp-ab12",
  version: { version: "2.14.3", gitTag: "v2.14.3", gitCommit: "c", buildDate: "d" },
  config: '{"store":{"type":"memory"}}',
});

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function read(bytes: Uint8Array, tellsHolds = false) {
  const result = readRequest(bytes, tellsHolds);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

describe("bytes on the wire", () => {
  it("an ACK is 19 bytes: node id, type, nonce", () => {
    expect(hex(encodeAck("zone-1", { type: "Mesh", nonce: "1", held: undefined }))).toBe(
      "0a080a067a6f6e652d3112044d657368320131",
    );
  });

  it("a NACK repeats the wildcard and leaves the code 0", () => {
    const nack = encodeNack("zone-1", { type: "MeshTimeout", nonce: "2", message: "spec.to: bad", held: undefined });
    expect(hex(nack)).toBe(
      "0a080a067a6f6e652d31120b4d65736854696d656f75741a012a3201323a0e120c737065632e746f3a20626164",
    );
  });
});

describe("what is written is read", () => {
  it("a subscription with who asks", () => {
    expect(read(encodeSubscribe("zone-1", METADATA, "Mesh"))).toEqual({
      nodeId: "zone-1",
      peer: {
        features: ALL_FEATURES,
        instanceId: "zone-1-cp-ab12",
        version: { version: "2.14.3", gitTag: "v2.14.3", gitCommit: "c", buildDate: "d" },
        config: '{"store":{"type":"memory"}}',
      },
      request: {
        type: "Mesh",
        nonce: "",
        subscribe: ["*"],
        unsubscribe: [],
        initialVersions: new Map(),
        error: undefined,
        features: ALL_FEATURES,
        held: undefined,
      },
    });
  });

  it("a NACK with its message, also an empty one", () => {
    for (const message of ["spec: no", ""]) {
      const { request } = read(encodeNack("z", { type: "Mesh", nonce: "7", message, held: undefined }));
      expect(request).toMatchObject({ type: "Mesh", nonce: "7", error: message, features: undefined });
    }
  });

  it("holds, from peers that tell them alone", () => {
    const bytes = encodeAck("z", { type: "Mesh", nonce: "1", held: ["z/Mesh/global"] });
    expect(read(bytes, true).request.held).toEqual(["z/Mesh/global"]);
    expect(read(bytes, false).request.held).toBeUndefined();
    expect(read(encodeAck("z", { type: "Mesh", nonce: "1", held: [] }), true).request.held).toEqual([]);
  });

  it("names and versions that the peer has", () => {
    const { request } = read(
      encodeDeltaRequest({
        typeUrl: "Mesh",
        subscribe: ["a."],
        unsubscribe: ["b."],
        initialVersions: { "a.": "1", __proto__x: "2" },
      }),
    );
    expect(request).toMatchObject({ subscribe: ["a."], unsubscribe: ["b."] });
    expect(request.initialVersions).toEqual(
      new Map([
        ["a.", "1"],
        ["__proto__x", "2"],
      ]),
    );
  });
});

describe("bad requests", () => {
  it.each<[string, string]>([
    ["garbage", "ffffffffffffffff"],
    ["a message cut short", "0a080a067a6f6e65"],
    ["a length beyond the end", "12ff01"],
    ["a group that never ends", "0b"],
    ["text that is no UTF-8", "1202fffe"],
  ])("%s is an error, nothing thrown", (_, bytes) => {
    expect(readRequest(Uint8Array.from(Buffer.from(bytes, "hex")), true)).toMatchObject({
      ok: false,
      error: expect.stringContaining("malformed DeltaDiscoveryRequest") as string,
    });
  });

  it("a request without node is read: a peer is known by its headers", () => {
    const read_ = read(encodeDeltaRequest({ typeUrl: "Mesh", subscribe: ["*"] }));
    expect(read_).toMatchObject({ nodeId: undefined, peer: undefined, request: { type: "Mesh" } });
    expect(new SenderRig({ types: ["Mesh"] }).request(read_.request)).toMatchObject([{ kind: "send" }]);
  });

  it("an empty message ends the stream with the reason", () => {
    const { request } = read(new Uint8Array());
    expect(new SenderRig().request(request)).toEqual([
      { kind: "endStream", code: "INVALID_ARGUMENT", message: "request without type_url" },
    ]);
  });

  it("metadata of the wrong kinds counts as absent", () => {
    const metadata = { features: [1, null, {}, "hash-suffix"], version: "x", config: 7, "control-plane-id": [] };
    expect(readPeerInfo(metadata)).toEqual({
      features: 2,
      instanceId: undefined,
      version: undefined,
      config: undefined,
    });
    expect(readPeerInfo({ version: { kumaCp: { version: 2, gitTag: "t" } }, features: "zone-token" })).toMatchObject({
      features: 0,
      version: { gitTag: "t" },
    });
  });

  it("a key named __proto__ changes no prototype", () => {
    const bytes = encodeDeltaRequest({
      node: { id: "z", metadata: JSON.parse('{"__proto__":{"features":["hash-suffix"]}}') as Record<string, never> },
      typeUrl: "Mesh",
      initialVersions: JSON.parse('{"__proto__":"polluted"}') as Record<string, string>,
    });
    const result = readRequest(bytes, false);
    expect(result.ok ? result.value.peer?.features : 0).toBe(0);
    expect(Object.prototype).not.toHaveProperty("features");
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it("no bytes whatever throw, neither here nor in the session", () => {
    const valid = encodeSubscribe("zone-1", METADATA, "T");
    const mutated = fc
      .array(fc.record({ at: fc.nat(valid.length - 1), to: fc.nat(255) }), { minLength: 1, maxLength: 6 })
      .map((changes) => {
        const bytes = valid.slice();
        for (const { at, to } of changes) bytes[at] = to;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated), (bytes) => {
        const result = readRequest(bytes, true);
        if (result.ok) new SenderRig().request(result.value.request);
      }),
      { numRuns: 1_000 },
    );
  });
});
