import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameWriter, type HttpStream } from "./frame-writer.ts";
import { WriteTurns } from "./write-turns.ts";

/** A stream that takes writes when told to. */
function rig() {
  const written: Buffer[] = [];
  const taken: (() => void)[] = [];
  const state = { destroyed: false, writableEnded: false };
  const stream = Object.assign(state, {
    cork: () => {},
    uncork: () => {},
    write: (bytes: Uint8Array, done?: () => void) => {
      written.push(Buffer.from(bytes));
      if (done !== undefined) taken.push(done);
      return true;
    },
  }) as unknown as HttpStream;
  const told: string[] = [];
  const turns: (() => void)[] = [];
  const writer = new FrameWriter(stream, new WriteTurns((turn) => turns.push(turn)));
  return {
    state,
    told,
    bytes: () => Buffer.concat(written),
    /** A turn of the event loop in which the stream takes a write. */
    take: () => {
      taken.shift()?.();
      turns.shift()?.();
    },
    turn: () => turns.shift()?.(),
    send: (message: Parameters<FrameWriter["write"]>[0], name: string) => writer.write(message, () => told.push(name)),
  };
}

const framed = (text: string): Buffer => {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(Buffer.byteLength(text), 1);
  return Buffer.concat([prefix, Buffer.from(text)]);
};

/** What is written at a time. */
const PIECE = 16 * 1024 - 128;

function partly(...texts: readonly string[]) {
  let asked = 0;
  const parts = function* () {
    for (const text of texts) {
      asked += 1;
      yield Buffer.from(text);
    }
  };
  return { message: { byteLength: texts.join("").length, parts }, asked: () => asked };
}

describe("FrameWriter", () => {
  it("puts the length in front and does not wait between small messages", () => {
    const { send, bytes, take, told } = rig();
    send(Buffer.from("one"), "one");
    send(Buffer.alloc(0), "empty");
    expect(bytes()).toEqual(Buffer.concat([framed("one"), framed("")]));
    expect(told).toEqual([]);
    take();
    expect(told).toEqual(["one"]);
  });

  it("asks for a part when the one before was taken, and lets nothing come between", () => {
    const { send, bytes, take, told } = rig();
    const texts = ["a".repeat(PIECE), "b".repeat(PIECE), "c"];
    const { message, asked } = partly(...texts);
    send(message, "large");
    send(Buffer.from("next"), "next");
    expect([asked(), bytes().byteLength]).toEqual([1, PIECE]);
    take();
    expect([asked(), bytes().byteLength]).toEqual([2, 2 * PIECE]);
    take();
    expect([asked(), bytes().byteLength]).toEqual([3, 5 + 2 * PIECE + 1]);
    expect(told).toEqual([]);
    take();
    expect(told).toEqual(["large"]);
    expect(bytes()).toEqual(Buffer.concat([framed(texts.join("")), framed("next")]));
  });

  it("writes pieces of one size, whatever the parts", () => {
    const sizes = fc.array(fc.constantFrom(0, 1, 5, PIECE - 5, PIECE, 100_000), { maxLength: 6 });
    fc.assert(
      fc.property(sizes, (parts) => {
        const { send, bytes, take, turn, told } = rig();
        const texts = parts.map((size, i) => String.fromCharCode(97 + i).repeat(size));
        send(partly(...texts).message, "large");
        turn();
        const whole = framed(texts.join(""));
        for (let written = PIECE; written < whole.byteLength; written += PIECE) {
          expect(bytes().byteLength).toBe(written);
          take();
        }
        expect(told).toEqual([]);
        take();
        expect(told).toEqual(["large"]);
        expect(bytes().equals(whole)).toBe(true);
      }),
    );
  });

  it("asks for nothing of a large message before its turn", () => {
    const { send, bytes, turn } = rig();
    const { message, asked } = partly("a".repeat(10 * PIECE));
    send(message, "large");
    expect([asked(), bytes().byteLength]).toEqual([0, 0]);
    turn();
    expect([asked(), bytes().byteLength]).toEqual([1, PIECE]);
  });

  it("drops what is left when the stream ends", () => {
    const { send, bytes, take, told, state } = rig();
    const { message, asked } = partly("a".repeat(PIECE), "b");
    send(message, "large");
    send(Buffer.from("next"), "next");
    state.writableEnded = true;
    take();
    take();
    expect(asked()).toBe(2);
    expect(bytes().byteLength).toBe(PIECE);
    expect(told).toEqual([]);
  });

  it("a message without parts is an empty one", () => {
    const { send, bytes, take, told } = rig();
    send(partly().message, "empty");
    expect(bytes()).toEqual(framed(""));
    take();
    expect(told).toEqual(["empty"]);
  });
});
