import { FakeClock } from "@isthmus/testkit";
import { describe, expect, it } from "vitest";
import { LoadPacer } from "./load-pacer.ts";

const MAX = 100;
const PATIENCE_MS = 50;

function rig() {
  const clock = new FakeClock();
  const pacer = new LoadPacer({ clock, maxBytes: MAX, patienceMs: PATIENCE_MS });
  const started: string[] = [];
  const [a, b, c] = [{ name: "a" }, { name: "b" }, { name: "c" }];
  const load = (stream: { readonly name: string }, bytes: number) =>
    pacer.enter(stream, () => {
      started.push(stream.name);
      if (bytes > 0) pacer.blocked(stream, bytes);
    });
  return { clock, pacer, started, a, b, c, load };
}

describe("first responses", () => {
  it("start at once while few bytes are on their way, then wait in order", () => {
    const { pacer, started, a, b, c, load } = rig();
    load(a, 60);
    load(b, 60);
    load(c, 60);
    load(a, 0);
    expect(started).toEqual(["a", "b"]);
    expect(pacer.waiting).toBe(2);
    pacer.drained(a);
    expect(started).toEqual(["a", "b", "c"]);
    pacer.drained(b);
    expect(started).toEqual(["a", "b", "c", "a"]);
    expect(pacer.waiting).toBe(0);
  });

  it("one may be larger than all that may be on its way", () => {
    const { started, a, b, load } = rig();
    load(a, 10 * MAX);
    load(b, 1);
    expect(started).toEqual(["a"]);
  });

  it("of a stream that does not read hold the others up for a moment only", () => {
    const { clock, started, a, b, load } = rig();
    load(a, MAX);
    load(b, 1);
    clock.advance(PATIENCE_MS - 1);
    expect(started).toEqual(["a"]);
    clock.advance(1);
    expect(started).toEqual(["a", "b"]);
  });

  it("of a stream that ended are forgotten, and its bytes are free", () => {
    const { pacer, started, a, b, c, load } = rig();
    load(a, MAX);
    load(b, 1);
    load(c, 1);
    pacer.ended(b);
    pacer.ended(a);
    expect(started).toEqual(["a", "c"]);
  });

  it("that block twice count once", () => {
    const { pacer, started, a, b, load } = rig();
    load(a, MAX);
    pacer.blocked(a, MAX);
    load(b, 1);
    pacer.drained(a);
    expect(started).toEqual(["a", "b"]);
  });
});
