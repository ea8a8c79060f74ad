/** Output of commands as files: `UPDATE_GOLDEN=1` writes them anew, to be read in the diff. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";

export function expectGolden(name: string, text: string): void {
  const file = fileURLToPath(new URL(`../../testdata/golden/${name}.txt`, import.meta.url));
  if (process.env["UPDATE_GOLDEN"] === "1") {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  expect(text).toBe(readFileSync(file, "utf8"));
}
