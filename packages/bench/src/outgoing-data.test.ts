import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FRAME, Http2Error } from "./http2-frame.ts";
import { DEFAULT_WINDOW_BYTES, OutgoingData } from "./outgoing-data.ts";

interface Step {
  readonly do: "push" | "widen" | "widen all" | "initial window" | "frame size";
  readonly bytes: number;
}

const step = (what: Step["do"], ...bytes: number[]): fc.Arbitrary<Step> =>
  fc.record({ do: fc.constant(what), bytes: fc.constantFrom(...bytes) });
const steps = fc.array(
  fc.oneof(
    step("push", 0, 1, 9, 16_384, 16_385, 35_000, 90_000),
    step("widen", 1, 500, 20_000, 200_000),
    step("widen all", 1, 500, 20_000, 200_000),
    step("initial window", 0, 10, 65_535, 300_000),
    step("frame size", 16_384, 20_000, 100_000),
  ),
  { maxLength: 40 },
);

describe("OutgoingData", () => {
  it("sends what was given, in order, as much as the windows allow and no more", () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const outgoing = new OutgoingData();
        const sent: Buffer[] = [];
        let frameMax = 16_384;
        const given: Buffer[] = [];
        let connection = DEFAULT_WINDOW_BYTES;
        let stream = DEFAULT_WINDOW_BYTES;
        let initial = DEFAULT_WINDOW_BYTES;
        let waiting = 0;
        for (const { do: what, bytes } of sequence) {
          if (what === "push") {
            const parts = [bytes, 0, 7].map((size) => Buffer.alloc(size, given.length + 1));
            given.push(...parts);
            outgoing.push(parts);
            waiting += bytes + 7;
          } else if (what === "widen") {
            outgoing.widen(1, bytes);
            stream += bytes;
          } else if (what === "widen all") {
            outgoing.widen(0, bytes);
            connection += bytes;
          } else if (what === "initial window") {
            outgoing.setInitialWindow(bytes);
            stream += bytes - initial;
            initial = bytes;
          } else {
            outgoing.setFrameBytesMax(bytes);
            frameMax = bytes;
          }
          const expected = Math.max(0, Math.min(connection, stream, waiting));
          const taken = outgoing.take() ?? Buffer.alloc(0);
          expect(taken.length).toBe(expected + Math.ceil(expected / frameMax) * 9);
          connection -= expected;
          stream -= expected;
          waiting -= expected;
          for (let at = 0; at < taken.length; ) {
            const size = taken.readUIntBE(at, 3);
            expect(size).toBeLessThanOrEqual(frameMax);
            expect([...taken.subarray(at + 3, at + 9)]).toEqual([FRAME.data, 0, 0, 0, 0, 1]);
            sent.push(taken.subarray(at + 9, at + 9 + size));
            at += 9 + size;
          }
        }
        const all = Buffer.concat(given);
        expect(Buffer.concat(sent).equals(all.subarray(0, all.length - waiting))).toBe(true);
      }),
    );
  });

  it.each<[string, (outgoing: OutgoingData) => void]>([
    ["a window that grows by nothing", (outgoing) => outgoing.widen(0, 0)],
    ["a window of the connection above its limit", (outgoing) => outgoing.widen(0, 2 ** 31 - 1)],
    ["a window of the stream above its limit", (outgoing) => outgoing.widen(1, 2 ** 31 - 1)],
    ["an initial window above its limit", (outgoing) => outgoing.setInitialWindow(2 ** 31)],
    ["frames that are too small", (outgoing) => outgoing.setFrameBytesMax(16_383)],
  ])("refuses %s", (_, change) => {
    expect(() => change(new OutgoingData())).toThrow(Http2Error);
  });
});
