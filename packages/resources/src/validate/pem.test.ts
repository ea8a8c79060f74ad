import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pemBlocks } from "./pem.ts";

const BLOCK = "-----BEGIN A-----\nAAAA\n-----END A-----\n";
const found = (text: string) => pemBlocks(text).map(({ type, bytes }) => [type, bytes.length]);

describe("blocks", () => {
  it.each<[string, string, [string, number][]]>([
    ["one", BLOCK, [["A", 3]]],
    [
      "several, with text around",
      `a\n${BLOCK}b\n${BLOCK.replaceAll("A-----", "B C-----")}`,
      [
        ["A", 3],
        ["B C", 3],
      ],
    ],
    ["an empty one", "-----BEGIN A-----\n-----END A-----", [["A", 0]]],
    ["with headers", "-----BEGIN A-----\nProc-Type: 4\n\nAAAA\n-----END A-----\n", [["A", 3]]],
    ["with blanks at the ends of lines", "-----BEGIN A----- \r\nAAAA \r\n-----END A-----\t\r\n", [["A", 3]]],
    ["not at the beginning of a line", ` ${BLOCK}`, []],
    ["without an end", "-----BEGIN A-----\nAAAA\n", []],
    ["with the end of another", "-----BEGIN A-----\nAAAA\n-----END B-----\n", []],
    ["begun twice", `-----BEGIN A-----\nAAAA\n${BLOCK}`, [["A", 3]]],
    ["that is not base64", "-----BEGIN A-----\nAAA\n-----END A-----\n", []],
  ])("%s", (_, text, blocks) => expect(found(text)).toEqual(blocks));

  it("keep their text", () => expect(pemBlocks(`x\n${BLOCK}y`)[0]?.text).toBe(BLOCK));
});

it("says what one expression says", () => {
  const whole = /^-----BEGIN ([^\n]*?)-----[ \t\r]*\n(?:(?!-----)[^\n]*\n)*-----END \1-----[ \t\r]*$/gm;
  const line = fc.constantFrom(
    "-----BEGIN A-----",
    "-----END A-----",
    "-----BEGIN B----- ",
    "-----END B-----\r",
    "AAAA",
    "",
    "-----",
  );
  const text = fc.array(line, { maxLength: 12 }).map((lines) => lines.join("\n"));
  fc.assert(
    fc.property(text, (given) => {
      expect(pemBlocks(given).map((block) => block.text)).toEqual(
        [...given.matchAll(whole)].map(([all]) => `${all}\n`),
      );
    }),
    { numRuns: 2_000 },
  );
});

it.each(["\n", "AAAA\n", "-----BEGIN A-----\n", "a: b\n"])("reads megabytes of %j", (part) => {
  const text = part.repeat((10 * 1024 * 1024) / part.length);
  pemBlocks(text);
  expect(found(`-----BEGIN A-----\n${text}-----END A-----\n`).length).toBe(1);
});
