import { describe, expect, it } from "vitest";
import { byCreation, creationKey } from "./creation-order.ts";

describe("creation", () => {
  it("is in order of time to the nanosecond, then of name", () => {
    const at = (name: string, creationTime: string) => ({ name, creationTime });
    const inOrder = [
      at("z", "0001-01-01T00:00:00Z"),
      at("y", "2026-01-01T00:00:05Z"),
      at("x", "2026-01-01T00:00:05.000000001Z"),
      at("w", "2026-01-01T00:00:05.034494811Z"),
      at("v", "2026-01-01T00:00:05.0345Z"),
      at("t", "2026-01-01T00:00:05.5Z"),
      at("u", "2026-01-01T00:00:05.500Z"),
      at("a", "2026-01-01T00:00:06Z"),
    ];
    expect(byCreation(inOrder.toReversed())).toEqual(inOrder);
  });

  it("of nonsense has some order, too", () => {
    expect(creationKey("")).toBe("000000000");
    expect(creationKey("never")).toBe("never000000000");
  });
});
