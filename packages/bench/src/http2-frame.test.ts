import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeFrame, FLAG, FRAME, FRAME_BYTES_MAX, Http2Error, Http2FrameReader } from "./http2-frame.ts";

interface Sent {
  readonly type: number;
  readonly streamId: number;
  readonly flags: number;
  readonly content: Uint8Array;
  readonly padding: number;
}

const frames = fc.array(
  fc.record<Sent>({
    type: fc.constantFrom(FRAME.data, FRAME.headers, FRAME.settings, FRAME.ping, FRAME.continuation, 77),
    streamId: fc.constantFrom(0, 1, 3, 2 ** 31 - 1),
    flags: fc.constantFrom(0, FLAG.endStream, FLAG.endHeaders, FLAG.padded, FLAG.priority, FLAG.padded | FLAG.priority),
    content: fc.oneof(
      fc.uint8Array({ maxLength: 20 }),
      fc.constantFrom(700, 16_000).map((size) => new Uint8Array(size).fill(size)),
    ),
    padding: fc.constantFrom(0, 1, 20, 255),
  }),
  { maxLength: 8 },
);

function isPadded({ type, flags }: Sent): boolean {
  return (type === FRAME.data || type === FRAME.headers) && (flags & FLAG.padded) !== 0;
}

function payloadOf(sent: Sent): Buffer {
  const hasPriority = sent.type === FRAME.headers && (sent.flags & FLAG.priority) !== 0;
  return Buffer.concat([
    isPadded(sent) ? Buffer.of(sent.padding) : Buffer.alloc(0),
    Buffer.alloc(hasPriority ? 5 : 0, 9),
    sent.content,
    Buffer.alloc(isPadded(sent) ? sent.padding : 0),
  ]);
}

describe("an Http2FrameReader", () => {
  it("reads what was sent, however the bytes are cut", () => {
    fc.assert(
      fc.property(frames, fc.array(fc.constantFrom(1, 2, 8, 9, 10, 300, 17_000), { minLength: 1 }), (sent, cuts) => {
        const read: object[] = [];
        let data: Buffer[] = [];
        const reader = new Http2FrameReader({
          onData: (piece) => data.push(Buffer.from(piece)),
          onFrame: ({ payload, ...frame }) => {
            const content = frame.type === FRAME.data ? Buffer.concat(data) : payload;
            read.push({ ...frame, content: content.toString("hex"), payload: payload.length });
            data = [];
          },
        });
        const bytes = Buffer.concat(
          sent.map((each) => encodeFrame(each.type, each.flags, each.streamId, payloadOf(each))),
        );
        for (let offset = 0, i = 0; offset < bytes.length; i += 1) {
          const size = cuts[i % cuts.length] ?? 1;
          // The buffer that was read into is used again.
          const chunk = Buffer.from(bytes.subarray(offset, offset + size));
          reader.push(chunk);
          chunk.fill(0xee);
          offset += size;
        }
        expect(read).toEqual(
          sent.map((each) => ({
            type: each.type,
            flags: each.flags,
            streamId: each.streamId,
            size: payloadOf(each).length,
            content: Buffer.from(each.content).toString("hex"),
            payload: each.type === FRAME.data ? 0 : each.content.length,
          })),
        );
      }),
    );
  });

  it.each<[string, Buffer]>([
    ["is larger than was allowed", encodeFrame(FRAME.data, 0, 1, Buffer.alloc(FRAME_BYTES_MAX + 1))],
    ["has data and is all padding", encodeFrame(FRAME.data, FLAG.padded, 1, Buffer.of(5, 0, 0))],
    ["has headers and is all padding", encodeFrame(FRAME.headers, FLAG.padded, 1, Buffer.of(3, 0, 0))],
    ["has headers and no room for the priority", encodeFrame(FRAME.headers, FLAG.priority, 1, Buffer.of(3, 0))],
  ])("refuses a frame that %s", (_, frame) => {
    const reader = new Http2FrameReader({ onData: () => {}, onFrame: () => {} });
    expect(() => reader.push(frame)).toThrow(Http2Error);
  });
});
