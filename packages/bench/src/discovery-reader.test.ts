import { WireWriter } from "@isthmus/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DiscoveryHead, DiscoveryReader, isEdsCluster, nameRange, WHOLE_BYTES_MAX } from "./discovery-reader.ts";
import { frame } from "./grpc-frames.ts";

interface Sent {
  readonly version: string;
  readonly nonce: string;
  readonly isHeadFirst: boolean;
  readonly resources: readonly { readonly name: string; readonly type: number; readonly filling: number }[];
}

const TYPE = "type.googleapis.com/envoy.config.cluster.v3.Cluster";

function encoded({ version, nonce, isHeadFirst, resources }: Sent): Uint8Array {
  const message = new WireWriter().string(1, version);
  const head = (): void => void message.string(4, TYPE).string(5, nonce);
  if (isHeadFirst) head();
  for (const { name, type, filling } of resources) {
    const cluster = new WireWriter()
      .string(1, name)
      .string(28, "x".repeat(Math.min(filling, 3_000)))
      .varint(2 << 3)
      .varint(type)
      .string(29, "x".repeat(filling));
    message.bytes(2, new WireWriter().string(1, TYPE).bytes(2, cluster.finish()).finish());
  }
  if (!isHeadFirst) head();
  return message.finish();
}

describe("a DiscoveryReader", () => {
  const text = fc.string({ minLength: 1, maxLength: 20 });
  const resource = fc.record({
    name: fc.string({ unit: fc.constantFrom("a", "b", "-", "_"), minLength: 1, maxLength: 40 }),
    type: fc.constantFrom(1, 3),
    filling: fc.constantFrom(0, 3, 700, 30_000),
  });
  const messages = fc.array(
    fc.record({
      version: text,
      nonce: text,
      isHeadFirst: fc.boolean(),
      resources: fc.array(resource, { maxLength: 8 }),
    }),
    { maxLength: 5 },
  );

  it("reads what was sent, however the bytes are cut", () => {
    fc.assert(
      fc.property(messages, fc.array(fc.constantFrom(61, 500, 16_384), { minLength: 1 }), (sent, cuts) => {
        const read: (Omit<DiscoveryHead, "message"> & {
          readonly message: string | undefined;
          readonly names: readonly string[];
        })[] = [];
        let names: string[] = [];
        const reader = new DiscoveryReader({
          typeUrl: TYPE,
          onResource: (bytes, start, end) => {
            names.push(`${bytes.toString("utf8", ...nameRange(bytes, start))} ${isEdsCluster(bytes, start, end)}`);
          },
          onMessage: (response) => {
            read.push({ ...response, message: response.message?.toString("latin1"), names });
            names = [];
          },
        });
        const bytes = Buffer.concat(sent.map((each) => frame(encoded(each))));
        for (let offset = 0, i = 0; offset < bytes.length; i += 1) {
          const size = cuts[i % cuts.length] ?? 1;
          reader.push(bytes.subarray(offset, offset + size));
          offset += size;
        }
        expect(read).toEqual(
          sent.map((each) => {
            const message = encoded(each);
            return {
              typeUrl: TYPE,
              version: each.version,
              nonce: each.nonce,
              size: message.byteLength,
              resources: each.resources.length,
              message: message.byteLength <= WHOLE_BYTES_MAX ? Buffer.from(message).toString("latin1") : undefined,
              isFound: false,
              names: each.resources.map(({ name, type }) => `${name} ${type === 3}`),
            };
          }),
        );
      }),
    );
  });

  it("counts resources of other types without looking at them", () => {
    const read: number[] = [];
    const reader = new DiscoveryReader({
      typeUrl: "another type",
      onResource: () => read.push(-1),
      onMessage: ({ resources }) => read.push(resources),
    });
    const resources = [0, 3, 700, 30_000, 0].map((filling, i) => ({ name: `r-${i}`, type: 3, filling }));
    const bytes = [true, false].map((isHeadFirst) =>
      frame(encoded({ version: "1", nonce: "1", isHeadFirst, resources })),
    );
    const sent = Buffer.concat(bytes);
    for (let offset = 0; offset < sent.length; offset += 7) reader.push(sent.subarray(offset, offset + 7));
    expect(read).toEqual([5, 5]);
  });

  it("finds what is sought", () => {
    const found: boolean[] = [];
    const reader = new DiscoveryReader({
      typeUrl: TYPE,
      onResource: () => {},
      onMessage: ({ isFound }) => found.push(isFound),
      seek: () => Buffer.from("xyz"),
    });
    for (const name of ["abc", "xyz", "abc"]) {
      const resources = [{ name, type: 3, filling: 90_000 }];
      reader.push(frame(encoded({ version: "1", nonce: "1", isHeadFirst: true, resources })));
    }
    expect(found).toEqual([false, true, false]);
  });
});
