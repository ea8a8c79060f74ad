import { expect, it } from "vitest";
import { isFilePath } from "./file-path.ts";

it("knows how long a path of Windows may be, without its drive", () => {
  for (const [length, isPath] of [
    [32_767, true],
    [32_768, false],
  ] as const) {
    expect(isFilePath(`C:\\${"a".repeat(length)}`)).toBe(isPath);
    expect(isFilePath(`C:\\${"ä".repeat(Math.floor(length / 2))}${"b".repeat(length % 2)}`)).toBe(isPath);
    expect(isFilePath(`/${"a".repeat(length)}`)).toBe(true);
  }
});
