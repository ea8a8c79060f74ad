import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BoundedStreamWriter } from "./bounded-stream-writer.ts";
import type { OutgoingMessage } from "./message-parts.ts";

function rig(highWaterBytes: number) {
  const taken: (() => void)[] = [];
  const written: OutgoingMessage[] = [];
  const writer = new BoundedStreamWriter(
    {
      write(message, done) {
        written.push(message);
        taken.push(done);
      },
    },
    { highWaterBytes },
  );
  let drained = 0;
  writer.onDrained(() => {
    drained += 1;
  });
  return { writer, written, take: () => taken.shift()?.(), drained: () => drained };
}

describe("BoundedStreamWriter", () => {
  it("blocks at the high-water mark and reports drained once at the low one", () => {
    const { writer, take, drained } = rig(100);
    expect(writer.write(Buffer.alloc(60))).toBe(true);
    expect(writer.write(Buffer.alloc(40))).toBe(false);
    expect(writer.isBlocked).toBe(true);
    take();
    expect(writer.isBlocked).toBe(false);
    expect(drained()).toBe(1);
    take();
    expect(drained()).toBe(1);
    expect(writer.pendingBytes).toBe(0);
  });

  it("lets one message exceed the mark", () => {
    const { writer, take, drained, written } = rig(10);
    expect(writer.write(Buffer.alloc(1_000))).toBe(false);
    expect(written).toHaveLength(1);
    take();
    expect(drained()).toBe(1);
  });

  it("is silent after close", () => {
    const { writer, written, take, drained } = rig(10);
    writer.write(Buffer.alloc(20));
    writer.close();
    take();
    expect(drained()).toBe(0);
    expect(writer.write(Buffer.alloc(1))).toBe(false);
    expect(written).toHaveLength(1);
  });

  // Bug hypothesis: a block whose drain is never reported leaves a stream silent for ever.
  it("never stays blocked when everything was taken, and never counts below zero", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(200), fc.constant("take" as const)), { maxLength: 60 }), (steps) => {
        const { writer, take, drained } = rig(100);
        let blocks = 0;
        let wasBlocked = false;
        for (const step of steps) {
          if (step === "take") take();
          else writer.write(Buffer.alloc(step));
          if (writer.isBlocked && !wasBlocked) blocks += 1;
          wasBlocked = writer.isBlocked;
          expect(writer.pendingBytes).toBeGreaterThanOrEqual(0);
        }
        for (let i = 0; i < steps.length; i += 1) take();
        expect(writer.isBlocked).toBe(false);
        expect(drained()).toBe(blocks);
      }),
    );
  });
});
