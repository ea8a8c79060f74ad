import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { endOnBrokenPipe } from "./broken-pipe.ts";

const rig = () => {
  const output = new PassThrough();
  const codes: number[] = [];
  endOnBrokenPipe(output, (code) => codes.push(code));
  const fail = (code: string): boolean => output.emit("error", Object.assign(new Error(code), { code }));
  return { codes, fail };
};

it("ends quietly when the reader has gone", () => {
  const { codes, fail } = rig();
  fail("EPIPE");
  expect(codes).toEqual([1]);
});

it("hides no other error", () => {
  const { codes, fail } = rig();
  expect(() => fail("ENOSPC")).toThrow("ENOSPC");
  expect(codes).toEqual([]);
});
