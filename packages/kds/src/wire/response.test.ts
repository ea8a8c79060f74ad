import { encodeDeltaResponse, encodeKumaResource, encodeResourceChunk, KUMA_RESOURCE_TYPE_URL } from "@isthmus/proto";
import { Registry } from "@isthmus/resources";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeResource } from "../feed/encode-resource.ts";
import type { MappingRules } from "../mapping/mapper.ts";
import type { ReceivedResponse } from "../session/receiver-state.ts";
import { bytesOf, readRecording } from "../session/testing/recording.ts";
import { descriptorOf, makeResource, registry } from "../testing/make-resource.ts";
import { encodeResponse, readResponse } from "./response.ts";

const TOWARDS_ZONES: MappingRules = { role: { kind: "global" }, skipLabelPrefixes: [], isHashed: true };
const JSON_SPEC = Buffer.from(
  '{"targetRef":{"kind":"Mesh"},"to":[{"targetRef":{"kind":"Mesh"},"default":{"idleTimeout":"1m0s"}}]}',
);

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function send(type: string, chunks: readonly Uint8Array[], removed: readonly string[] = [], nonce = "1"): Uint8Array {
  return encodeDeltaResponse({ typeUrl: type, nonce, controlPlane: "global", chunks, removed });
}

function read(bytes: Uint8Array): ReceivedResponse {
  const result = readResponse(bytes, { registry, mode: "zone" });
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

type Content = Partial<Parameters<typeof encodeKumaResource>[0]>;

/** One element of `resources`: a good MeshTimeout but for what a test says. */
function chunk(content: Content = {}, version = "1"): Uint8Array {
  const input = { name: "a", mesh: "default", labels: {}, specTypeUrl: "", specBytes: JSON_SPEC, ...content };
  return encodeResourceChunk({
    name: `${input.name}.${input.mesh}`,
    version,
    kumaResourceBytes: encodeKumaResource(input),
  });
}

/** One element of `resources` with an envelope made by hand. */
function rawChunk(kumaResource: Uint8Array | undefined, typeUrl: string = KUMA_RESOURCE_TYPE_URL): Uint8Array {
  const field = (number: number, bytes: Uint8Array): Uint8Array => {
    if (bytes.byteLength > 127) throw new Error("too long for a length of one byte");
    return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.byteLength]), bytes]);
  };
  const any = [field(1, Buffer.from(typeUrl)), ...(kumaResource === undefined ? [] : [field(2, kumaResource)])];
  const parts = kumaResource === undefined && typeUrl === "" ? [] : [field(2, Buffer.concat(any))];
  return field(2, Buffer.concat([...parts, field(3, Buffer.from("bad.default"))]));
}

describe("bytes on the wire", () => {
  it("an empty response is 26 bytes", () => {
    expect(hex(send("MeshService", [], [], "3"))).toBe("220b4d657368536572766963652a01333a080a06676c6f62616c");
  });

  it("a Mesh and a policy have Kuma's bytes and versions", () => {
    const mesh = encodeResource(descriptorOf("Mesh"), makeResource("Mesh", { name: "default" }), TOWARDS_ZONES);
    expect(mesh).toMatchObject({
      wireName: "default.",
      version: "ee3ed1993ca3721e6609c0fb78bb711a00f96c808af6675986293d420dc0d6d1",
    });
    expect(send("Mesh", [mesh.chunk])).toHaveLength(240);
    const timeout = makeResource("MeshTimeout", {
      name: "to-60s",
      labels: { "kuma.io/mesh": "default" },
      spec: JSON.parse(JSON_SPEC.toString()) as Record<string, never>,
    });
    expect(encodeResource(descriptorOf("MeshTimeout"), timeout, TOWARDS_ZONES)).toMatchObject({
      wireName: "to-60s-dxfbxfvvcbdwzxxz.default",
      version: "6df8f04fd12a6af4bcf4185575757ee86c5ef3b65960d4106e09878248ad4e2a",
    });
  });

  it("a `send` effect becomes a header and the shared chunks, removals and intents", () => {
    const upserts = [{ wireName: "a.default", version: "1", chunk: chunk() }];
    const effect = { kind: "send", type: "MeshTimeout", nonce: "9", initial: false, bytes: 0 } as const;
    const bytes = encodeResponse({ ...effect, upserts, removals: ["b.default"], intents: ["mesh/default"] }, "global");
    expect(read(bytes)).toMatchObject({
      type: "MeshTimeout",
      nonce: "9",
      upserts: [{ wireName: "a.default", version: "1", resource: { name: "a", mesh: "default" } }],
      removed: ["b.default"],
      invalid: [],
      intents: ["mesh/default"],
      bytes: bytes.byteLength,
    });
    expect(Buffer.from(bytes).includes(Buffer.from(chunk()))).toBe(true);
  });
});

describe("a bad message", () => {
  it.each<[string, string]>([
    ["garbage", "ffffffffffffffff"],
    ["a message cut short", "220b4d657368"],
    ["a resource cut short", "12100a"],
  ])("%s is an error, nothing thrown", (_, bytes) => {
    const result = readResponse(Uint8Array.from(Buffer.from(bytes, "hex")), { registry, mode: "zone" });
    expect(result).toMatchObject({ ok: false, error: expect.stringContaining("DeltaDiscoveryResponse") as string });
  });

  it("a type that nobody knows yields nothing, whatever it holds", () => {
    expect(read(send("NoSuchType", [rawChunk(new Uint8Array([255]))]))).toMatchObject({
      type: "NoSuchType",
      upserts: [],
      invalid: [],
    });
  });
});

it("a legacy policy without any selector is carried on: its rules are for users", () => {
  const content = { specTypeUrl: "type.googleapis.com/kuma.mesh.v1alpha1.TrafficLog", specBytes: new Uint8Array() };
  const { upserts, invalid } = read(send("TrafficLog", [chunk(content)]));
  expect(invalid).toEqual([]);
  expect(upserts).toMatchObject([{ wireName: "a.default", resource: { type: "TrafficLog", spec: {} } }]);
});

describe("a bad resource rejects itself alone", () => {
  const good = chunk({ name: "good" });
  const meta = Buffer.from("0a040a026164", "hex");
  const spec = Buffer.concat([Buffer.from([0x12, 4, 0x12, 2]), Buffer.from("{}")]);

  it.each<[string, Uint8Array, string, RegExp]>([
    ["without content", rawChunk(undefined, ""), "bad.default", /without content/],
    ["without an envelope's bytes", rawChunk(undefined), "bad.default", /without/],
    [
      "of another message",
      rawChunk(meta, "type.googleapis.com/kuma.mesh.v1alpha1.Mesh"),
      "bad.default",
      /KumaResource/,
    ],
    ["undecodable", rawChunk(new Uint8Array([255, 255])), "bad.default", /malformed KumaResource/],
    ["without meta", rawChunk(spec), "bad.default", /without meta/],
    ["without spec", rawChunk(meta), "ad.", /without spec/],
    ["that is not JSON", chunk({ specBytes: Buffer.from("{") }), "a.default", /./],
    ["with an empty spec", chunk({ specBytes: new Uint8Array() }), "a.default", /./],
    ["that is JSON but no object", chunk({ specBytes: Buffer.from("[1]") }), "a.default", /./],
    ["nested without end", chunk({ specBytes: Buffer.from("[".repeat(100_000)) }), "a.default", /./],
    ["of the wrong JSON kind", chunk({ specBytes: Buffer.from('{"to":"x"}') }), "a.default", /to/],
    ["without a name", chunk({ name: "" }), ".default", /name: cannot be empty/],
    ["without a mesh", chunk({ mesh: "" }), "a.", /mesh: cannot be empty/],
    ["with NUL in its name", chunk({ name: "a\u0000b" }), "a\u0000b.default", /^name: invalid characters/],
  ])("%s", (_, bad, wireName, reason) => {
    const { upserts, invalid } = read(send("MeshTimeout", [bad, good]));
    expect(upserts.map((upsert) => upsert.wireName)).toEqual(["good.default"]);
    expect(invalid).toHaveLength(1);
    expect(invalid[0]?.wireName).toBe(wireName);
    expect(invalid[0]?.reason).toMatch(reason);
  });

  it("with a name longer than a store takes; the message cuts it", () => {
    const { invalid, upserts } = read(send("MeshTimeout", [chunk({ name: "x".repeat(5_000) }), good]));
    expect(upserts).toHaveLength(1);
    expect(invalid[0]?.reason).toMatch(/name: value length/);
    expect(invalid[0]?.wireName).toHaveLength(300);
  });

  it("of a global-scoped type in a mesh", () => {
    const specTypeUrl = "type.googleapis.com/kuma.mesh.v1alpha1.Mesh";
    const bad = chunk({ specTypeUrl, specBytes: new Uint8Array() });
    expect(read(send("Mesh", [bad])).invalid[0]?.reason).toMatch(/Mesh belongs to no mesh/);
  });

  it("with a spec of another message", () => {
    const specTypeUrl = "type.googleapis.com/kuma.mesh.v1alpha1.Dataplane";
    const bad = chunk({ mesh: "", specTypeUrl, specBytes: new Uint8Array() });
    expect(read(send("Mesh", [bad])).invalid).toMatchObject([{ kind: "undecodable", wireName: "a." }]);
  });

  it("with a status that is not JSON", () => {
    const bad = chunk({ specBytes: Buffer.from("{}"), statusBytes: Buffer.from("{") });
    expect(read(send("MeshService", [bad])).invalid[0]?.reason).toMatch(/^status: /);
  });

  it("with a reason that is cut, when it would be as long as the resource", () => {
    const kinds = Array.from({ length: 500 }, () => ({ targetRef: { kind: "x".repeat(50) } }));
    const bad = chunk({ specBytes: Buffer.from(JSON.stringify({ to: kinds })) });
    const { invalid, upserts } = read(send("MeshTimeout", [bad, good]));
    expect(upserts).toHaveLength(1);
    expect(invalid[0]?.reason).toMatch(/^spec\.to\[0\].*\.\.\.$/s);
    expect(invalid[0]?.reason).toHaveLength(2_003);
  });

  it("of a type whose rules fail themselves", () => {
    const broken = { ...descriptorOf("MeshTimeout"), name: "Broken", path: "broken" };
    const validate = ({ name }: { name: string }) => {
      if (name === "a") throw new RangeError("Maximum call stack size exceeded");
      return [];
    };
    const bytes = send("Broken", [chunk(), good]);
    const result = readResponse(bytes, { registry: new Registry([{ ...broken, validate }]), mode: "zone" });
    expect(result).toMatchObject({
      value: {
        upserts: [{ wireName: "good.default" }],
        invalid: [{ wireName: "a.default", kind: "undecodable", reason: "Maximum call stack size exceeded" }],
      },
    });
  });

  it("that breaks the type's rules, with all of them", () => {
    const specBytes = Buffer.from('{"targetRef":{"kind":"NoSuchKind"},"to":[{"targetRef":{"kind":"Neither"}}]}');
    const { invalid } = read(send("MeshTimeout", [chunk({ specBytes })]));
    expect(invalid).toMatchObject([{ kind: "invalid" }]);
    expect(invalid[0]?.reason.split("; ")).toEqual([
      expect.stringMatching(/^spec\.targetRef\.kind: /),
      expect.stringMatching(/^spec\.to\[0\]\.targetRef\.kind: /),
      expect.stringMatching(/^spec\.to\[0\]\.default: /),
    ]);
  });
});

describe("names", () => {
  it("of several resources with one name the last counts", () => {
    const { upserts } = read(send("MeshTimeout", [chunk({}, "1"), chunk({}, "2")]));
    expect(upserts.map((upsert) => upsert.version)).toEqual(["2"]);
  });

  it("one of which is bad, is rejected: which of them is meant is unknown", () => {
    const { upserts, invalid } = read(send("MeshTimeout", [chunk(), chunk({ specBytes: Buffer.from("{") })]));
    expect([upserts.length, invalid.length]).toEqual([0, 1]);
  });

  it("on the wire are not believed, those of the meta are", () => {
    const kumaResourceBytes = encodeKumaResource({
      name: "real",
      mesh: "m",
      labels: {},
      specTypeUrl: "",
      specBytes: JSON_SPEC,
    });
    const lying = encodeResourceChunk({ name: "other.default", version: "1", kumaResourceBytes });
    expect(read(send("MeshTimeout", [lying])).upserts[0]?.wireName).toBe("real.m");
  });
});

it("members named __proto__ stay data", () => {
  const specBytes = Buffer.from('{"__proto__":{"polluted":true},"targetRef":{"kind":"Mesh"}}');
  const labels = JSON.parse('{"__proto__":"polluted"}') as Record<string, string>;
  read(send("MeshTimeout", [chunk({ specBytes, labels })]));
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

it("no bytes whatever throw", () => {
  const recorded = readRecording("services.zone-a").flatMap((line) => ("response" in line ? [bytesOf(line.raw)] : []));
  const mutated = fc
    .record({
      bytes: fc.constantFrom(...recorded),
      changes: fc.array(fc.record({ at: fc.nat(10_000), to: fc.nat(255) }), { minLength: 1, maxLength: 8 }),
    })
    .map(({ bytes, changes }) => {
      const copy = bytes.slice();
      for (const { at, to } of changes) copy[at % copy.length] = to;
      return copy;
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated), (bytes) => {
      readResponse(bytes, { registry, mode: "global" });
    }),
    { numRuns: 2_000 },
  );
});
