import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameReader, frame } from "./grpc-frames.ts";

describe("FrameReader", () => {
  it("gives back every message, however the bytes are cut", () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 });
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 17 }), { minLength: 1 }), (sent, cuts) => {
        const bytes = Buffer.concat(sent.map((message) => frame(message)));
        const received: Buffer[] = [];
        const reader = new FrameReader((message) => received.push(Buffer.from(message)));
        for (let offset = 0, i = 0; offset < bytes.length; i += 1) {
          const size = cuts[i % cuts.length] ?? 1;
          reader.push(bytes.subarray(offset, offset + size));
          offset += size;
        }
        expect(received.map((message) => message.toString("hex"))).toEqual(
          sent.map((message) => Buffer.from(message).toString("hex")),
        );
      }),
    );
  });
});
