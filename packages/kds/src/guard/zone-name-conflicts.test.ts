import { describe, expect, it } from "vitest";
import { DISPUTE_MS, ZoneNameConflicts } from "./zone-name-conflicts.ts";

const START = 1_000_000;

describe("zone name conflicts", () => {
  it("serves the newer connection", () => {
    expect(new ZoneNameConflicts().judge("east", START)).toBe("replace");
  });

  it("lets the one served stay after three changes within a minute, for 60 s", () => {
    const conflicts = new ZoneNameConflicts();
    const at = (ms: number) => conflicts.judge("east", START + ms);
    expect([at(0), at(10_000), at(20_000)]).toEqual(["replace", "replace", "replace"]);
    expect(at(30_000)).toBe("refuse");
    expect(at(30_000 + DISPUTE_MS - 1)).toBe("refuse");
    expect(at(30_000 + DISPUTE_MS)).toBe("replace");
  });

  it("does not prolong the dispute with every attempt", () => {
    const conflicts = new ZoneNameConflicts();
    for (const ms of [0, 1, 2, 3]) conflicts.judge("east", START + ms);
    for (let ms = 1_000; ms < DISPUTE_MS; ms += 1_000) expect(conflicts.judge("east", START + ms)).toBe("refuse");
    expect(conflicts.judge("east", START + 3 + DISPUTE_MS)).toBe("replace");
  });

  it("takes slow changes for ordinary reconnects", () => {
    const conflicts = new ZoneNameConflicts();
    for (let i = 0; i < 20; i += 1) expect(conflicts.judge("east", START + i * 21_000)).toBe("replace");
  });

  it("judges names apart from each other", () => {
    const conflicts = new ZoneNameConflicts();
    for (const ms of [0, 1, 2, 3]) conflicts.judge("east", START + ms);
    expect(conflicts.judge("west", START + 4)).toBe("replace");
  });

  it("remembers a dispute however many other names there are", () => {
    const conflicts = new ZoneNameConflicts();
    for (const ms of [0, 1, 2, 3]) conflicts.judge("east", START + ms);
    for (let i = 0; i < 1_000; i += 1) conflicts.judge(`made-up-${i}`, START + 10);
    expect(conflicts.judge("east", START + 20)).toBe("refuse");
  });
});
