import { eventually } from "@isthmus/testkit";
import { describe, expect, it } from "vitest";
import { COLLECT_AT_BYTES, ReadGarbage, youngCollector } from "./read-garbage.ts";

const PIECE_BYTES = 16 * 1024;

describe("ReadGarbage", () => {
  it("collects after so many bytes, and again after as many", () => {
    let collections = 0;
    const garbage = new ReadGarbage(() => {
      collections += 1;
    });
    const counts = Array.from({ length: (2 * COLLECT_AT_BYTES) / PIECE_BYTES }, () => {
      garbage.read(PIECE_BYTES);
      return collections;
    });
    expect(counts.at(COLLECT_AT_BYTES / PIECE_BYTES - 2)).toBe(0);
    expect(counts.at(COLLECT_AT_BYTES / PIECE_BYTES - 1)).toBe(1);
    expect(counts.at(-1)).toBe(2);
  });

  it("frees pieces that nobody holds", async () => {
    const collect = youngCollector();
    collect();
    const before = process.memoryUsage().arrayBuffers;
    const kept = readPieces(256);
    const held = process.memoryUsage().arrayBuffers - before;
    expect(held).toBeGreaterThan(200 * PIECE_BYTES);
    await eventually(
      () => {
        collect();
        return process.memoryUsage().arrayBuffers - before < 32 * PIECE_BYTES;
      },
      { what: "the pieces freed" },
    );
    expect(kept.byteLength).toBe(PIECE_BYTES);
  });
});

/** Reads pieces of which only the last one is held. */
function readPieces(count: number): Buffer {
  let last = Buffer.alloc(0);
  for (let i = 0; i < count; i += 1) last = Buffer.allocUnsafeSlow(PIECE_BYTES);
  return last;
}
