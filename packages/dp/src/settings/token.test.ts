import { Buffer } from "node:buffer";
import { expect, it } from "vitest";
import { tokenProblem } from "./token.ts";

const token = (header: string): string => `${Buffer.from(header).toString("base64url")}.e30.c2ln`;

it.each([
  ["", "it is empty"],
  ["a\nb", "it has a line break within"],
  ["abc", "it is no JWT, which has three parts with dots between"],
  ["a.b.c.d", "it is no JWT, which has three parts with dots between"],
  [token("header"), "it is no JWT: its header is not readable"],
  [token('{"typ":"JWT"}'), "its header has no alg"],
  [token('{"alg":"RS256"}'), undefined],
])("%j: %s", (text, problem) => {
  expect(tokenProblem(text)).toBe(problem);
});
