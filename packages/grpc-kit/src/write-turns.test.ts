import { describe, expect, it } from "vitest";
import { PIECES_PER_TURN, WriteTurns } from "./write-turns.ts";

function rig() {
  const deferred: (() => void)[] = [];
  const turns = new WriteTurns((turn) => deferred.push(turn));
  const written: string[] = [];
  return {
    turns,
    written,
    message: (name: string) => {
      const wait = turns.begin();
      return () => wait(() => written.push(name));
    },
    turn: () => deferred.shift()?.(),
    waits: () => deferred.length > 0,
  };
}

describe("WriteTurns", () => {
  it("lets so many write in a turn, and everybody in the end", () => {
    const { message, turn, written, waits } = rig();
    const names = Array.from({ length: PIECES_PER_TURN * 2 + 1 }, (_, i) => `m${i}`);
    for (const name of names) message(name)();
    expect(written).toEqual([]);
    turn();
    expect(written).toEqual(names.slice(0, PIECES_PER_TURN));
    turn();
    turn();
    expect(written).toEqual(names);
    expect(waits()).toBe(false);
  });

  it("lets the message that began first write first, and is not held up by one whose peer does not read", () => {
    const { message, turn, written } = rig();
    message("a peer that does not read");
    const [first, second, third] = ["first", "second", "third"].map(message);
    for (const piece of [third, second, first]) piece?.();
    turn();
    expect(written).toEqual(["first", "second", "third"]);
    second?.();
    first?.();
    turn();
    expect(written.slice(3)).toEqual(["first", "second"]);
  });

  it("gives what is written in a turn its next piece in a later one", () => {
    const { turns, turn, waits } = rig();
    const wait = turns.begin();
    let pieces = 0;
    const write = (): void => {
      pieces += 1;
      wait(write);
    };
    wait(write);
    turn();
    expect(pieces).toBe(1);
    expect(waits()).toBe(true);
    turn();
    expect(pieces).toBe(2);
  });
});
