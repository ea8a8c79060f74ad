import fc from "fast-check";
import { expect, it } from "vitest";
import { MessageReader, type ReadMessage } from "./message-reader.ts";

const message = fc.record({
  isCompressed: fc.boolean(),
  bytes: fc.uint8Array({ maxLength: 40 }).map((b) => Buffer.from(b)),
});

function framed({ isCompressed, bytes }: ReadMessage): Buffer {
  const prefix = Buffer.from([isCompressed ? 1 : 0, 0, 0, 0, bytes.length]);
  return Buffer.concat([prefix, bytes]);
}

it("reads the same messages however they are cut", () => {
  fc.assert(
    fc.property(fc.array(message), fc.array(fc.nat(60)), (messages, lengths) => {
      const reader = new MessageReader(40);
      const read: ReadMessage[] = [];
      let rest = Buffer.concat(messages.map(framed));
      for (const length of [...lengths, rest.length]) {
        reader.push(rest.subarray(0, length));
        rest = rest.subarray(length);
        for (let next = reader.next(); next !== undefined; next = reader.next()) read.push(next);
      }
      expect(read).toEqual(messages);
    }),
  );
});

it("refuses a message by its length, before the rest has come", () => {
  const reader = new MessageReader(40);
  reader.push(Buffer.from([0, 0, 0, 0, 41]));
  expect(() => reader.next()).toThrow("Received message larger than max (41 vs 40)");
});
