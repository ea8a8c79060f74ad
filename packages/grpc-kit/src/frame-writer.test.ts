import { describe, expect, it } from "vitest";
import { FrameWriter, type HttpStream } from "./frame-writer.ts";

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
  const writer = new FrameWriter(stream);
  return {
    state,
    told,
    bytes: () => Buffer.concat(written),
    take: () => taken.shift()?.(),
    send: (message: Parameters<FrameWriter["write"]>[0], name: string) => writer.write(message, () => told.push(name)),
  };
}

const framed = (text: string): Buffer => {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(Buffer.byteLength(text), 1);
  return Buffer.concat([prefix, Buffer.from(text)]);
};

/** A part of this size is written alone. */
const LARGE = 64 * 1024;

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
    const texts = ["a".repeat(LARGE), "b".repeat(LARGE), "c"];
    const { message, asked } = partly(...texts);
    send(message, "large");
    send(Buffer.from("next"), "next");
    expect(asked()).toBe(1);
    take();
    expect(asked()).toBe(2);
    expect(bytes().byteLength).toBe(5 + 2 * LARGE);
    take();
    expect(asked()).toBe(3);
    expect(told).toEqual([]);
    take();
    expect(told).toEqual(["large"]);
    expect(bytes()).toEqual(Buffer.concat([framed(texts.join("")), framed("next")]));
  });

  it("takes small parts together", () => {
    const { send, bytes, take, told } = rig();
    const { message, asked } = partly("aa", "bb", "c".repeat(LARGE), "dd");
    send(message, "large");
    expect(asked()).toBe(3);
    expect(bytes().byteLength).toBe(5 + 4 + LARGE);
    take();
    expect(told).toEqual([]);
    take();
    expect(told).toEqual(["large"]);
  });

  it("drops what is left when the stream ends", () => {
    const { send, bytes, take, told, state } = rig();
    const { message, asked } = partly("a".repeat(LARGE), "b");
    send(message, "large");
    send(Buffer.from("next"), "next");
    state.writableEnded = true;
    take();
    take();
    expect(asked()).toBe(2);
    expect(bytes().byteLength).toBe(5 + LARGE);
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
