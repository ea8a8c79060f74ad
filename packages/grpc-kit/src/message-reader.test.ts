import fc from "fast-check";
import { expect, it } from "vitest";
import { MessageBuffer, SHARED_BYTES_MAX } from "./message-buffer.ts";
import { MessageReader, type ReadMessage } from "./message-reader.ts";

const message = fc.record({
  isCompressed: fc.boolean(),
  bytes: fc.uint8Array({ maxLength: 40 }).map((b) => Buffer.from(b)),
});

function framed({ isCompressed, bytes }: ReadMessage): Buffer {
  const prefix = Buffer.from([isCompressed ? 1 : 0, 0, 0, 0, bytes.length]);
  return Buffer.concat([prefix, bytes]);
}

it.each([
  ["in buffers of their own", undefined],
  ["in one buffer", new MessageBuffer()],
])("reads the same messages however they are cut, %s", (_, shared) => {
  fc.assert(
    fc.property(fc.array(message), fc.array(fc.nat(60)), (messages, lengths) => {
      const reader = new MessageReader(40, shared);
      const read: ReadMessage[] = [];
      let rest = Buffer.concat(messages.map(framed));
      for (const length of [...lengths, rest.length]) {
        reader.push(rest.subarray(0, length));
        rest = rest.subarray(length);
        for (let next = reader.next(); next !== undefined; next = reader.next()) {
          // What is in a shared buffer is looked at before the next one is read.
          read.push({ ...next, bytes: Buffer.from(next.bytes) });
        }
      }
      expect(read).toEqual(messages);
    }),
  );
});

it("reads messages of a shared buffer over each other, and those that are too large for it not", () => {
  const shared = new MessageBuffer();
  const readers = [
    new MessageReader(2 * SHARED_BYTES_MAX, shared),
    new MessageReader(2 * SHARED_BYTES_MAX, shared),
  ] as const;
  const read = (which: 0 | 1, bytes: Buffer): Buffer | undefined => {
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(bytes.byteLength, 1);
    readers[which].push(Buffer.concat([prefix, bytes]));
    return readers[which].next()?.bytes;
  };
  const first = read(0, Buffer.alloc(1_000, 1));
  const second = read(1, Buffer.alloc(1_000, 2));
  expect(second?.buffer).toBe(first?.buffer);
  const large = read(0, Buffer.alloc(SHARED_BYTES_MAX + 1, 3));
  expect(large?.buffer).not.toBe(second?.buffer);
  expect(large?.equals(Buffer.alloc(SHARED_BYTES_MAX + 1, 3))).toBe(true);
});

it("refuses a message by its length, before the rest has come", () => {
  const reader = new MessageReader(40);
  reader.push(Buffer.from([0, 0, 0, 0, 41]));
  expect(() => reader.next()).toThrow("Received message larger than max (41 vs 40)");
});
