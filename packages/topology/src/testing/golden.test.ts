/**
 * Golden cases of endpoint sets. `UPDATE_GOLDEN=1` writes what is computed; a difference is to be read against the reference,
 * not just recorded.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { GATE_ORDER } from "../endpoints/candidate.ts";
import { answersOf, parseGoldenCase } from "./golden-case.ts";

const FOLDER = new URL("../../testdata/golden/", import.meta.url).pathname;
const cases = readdirSync(FOLDER).filter((name) => existsSync(join(FOLDER, name, "input.yaml")));

describe("golden cases", () => {
  it("are at least sixty", () => {
    expect(cases.length).toBeGreaterThanOrEqual(60);
  });

  it("show every gate", () => {
    const answers = cases.map((name) => readFileSync(join(FOLDER, name, "expected.yaml"), "utf8")).join("");
    expect(GATE_ORDER.filter((gate) => !answers.includes(`"${gate} | `))).toEqual([]);
  });

  it.each(cases)("%s", (name) => {
    const answers = answersOf(parseGoldenCase(readFileSync(join(FOLDER, name, "input.yaml"), "utf8")));
    const file = join(FOLDER, name, "expected.yaml");
    if (process.env.UPDATE_GOLDEN === "1") writeFileSync(file, answers);
    expect(answers).toBe(readFileSync(file, "utf8"));
  });
});
