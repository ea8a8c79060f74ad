import { createServer, type Http2Server, type IncomingHttpHeaders } from "node:http2";
import { type AddressInfo, connect, type Socket } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeHeaderBlock, encodeHeaderBlock } from "./hpack.ts";
import { encodeFrame, FLAG, FRAME, Http2FrameReader, SETTING } from "./http2-frame.ts";

/** Values as they may stand in a field, surrounded so that no blanks are at an end, and with so many zeros that Huffman code is shorter. */
const value = fc
  .array(fc.constantFrom(9, ...range(0x20, 0x7e), ...range(0x80, 0xff)), { maxLength: 60 })
  .chain((bytes) =>
    fc.boolean().map((isShort) => `0${Buffer.from(bytes).toString("latin1")}${isShort ? "0".repeat(500) : "0"}`),
  );
const name = fc.stringMatching(/^[a-z0-9_-]{1,30}$/).map((text) => `x-${text}`);
/** Of the static table, to which a literal may refer. */
const known = fc.constantFrom("grpc-status", "server", "vary", "via", "www-authenticate", "accept-charset", "age");
const fields = fc.uniqueArray(fc.tuple(fc.oneof(name, known), value), {
  selector: ([key]) => key,
  minLength: 1,
  maxLength: 6,
});

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** On a connection of its own, without TLS; the server answers with the fields that it was sent. */
class Peer {
  readonly #socket: Socket;
  readonly #blocks: Buffer[] = [];
  #settle: (error?: Error) => void = () => {};
  #streamId = -1;

  constructor(port: number) {
    this.#socket = connect(port, "127.0.0.1");
    const reader = new Http2FrameReader({
      onData: () => {},
      onFrame: ({ type, flags, payload }) => {
        if (type === FRAME.settings && flags === 0)
          this.#socket.write(encodeFrame(FRAME.settings, FLAG.ack, 0, Buffer.alloc(0)));
        if (type === FRAME.resetStream || type === FRAME.goAway) this.#settle(new Error(payload.toString("hex")));
        if (type !== FRAME.headers) return;
        expect(flags & FLAG.endHeaders).toBe(FLAG.endHeaders);
        this.#blocks.push(Buffer.from(payload));
        if ((flags & FLAG.endStream) !== 0) this.#settle();
      },
    });
    this.#socket.on("data", (chunk) => reader.push(chunk));
    const settings = Buffer.from([0, SETTING.headerTableSize, 0, 0, 0, 0]);
    this.#socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    this.#socket.write(encodeFrame(FRAME.settings, 0, 0, settings));
  }

  /** Header blocks of the answer: headers and trailers. */
  async ask(own: readonly (readonly [string, string])[]): Promise<Buffer[]> {
    this.#streamId += 2;
    const pseudo = [
      [":method", "GET"],
      [":scheme", "http"],
      [":authority", "peer"],
      [":path", "/"],
    ] as const;
    const block = encodeHeaderBlock([...pseudo, ...own]);
    const isComplete = new Promise<void>((resolve, reject) => {
      this.#settle = (error) => (error === undefined ? resolve() : reject(error));
    });
    this.#socket.write(encodeFrame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, this.#streamId, block));
    await isComplete;
    return this.#blocks.splice(0);
  }

  close(): void {
    this.#socket.destroy();
  }
}

describe("header blocks", () => {
  let server: Http2Server;
  let received: IncomingHttpHeaders = {};
  let port = 0;
  beforeAll(async () => {
    server = createServer();
    server.on("stream", (stream, headers) => {
      received = headers;
      const own = Object.fromEntries(Object.entries(headers).filter(([key]) => !key.startsWith(":")));
      stream.respond({ ":status": 418, ...own }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers(own));
      stream.end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    server.close();
  });

  it("of node:http2 are read, and it reads ours", async () => {
    const peer = new Peer(port);
    try {
      await fc.assert(
        fc.asyncProperty(fields, async (own) => {
          const [headers = Buffer.alloc(0), trailers = Buffer.alloc(0)] = await peer.ask(own);
          for (const [key, text] of own) expect(received[key]).toBe(text);
          const { date, ":status": status, ...others } = Object.fromEntries(decodeHeaderBlock(headers));
          expect(status).toBe("418");
          expect(date).toMatch(/GMT$/);
          expect(others).toEqual(Object.fromEntries(own));
          expect(Object.fromEntries(decodeHeaderBlock(trailers))).toEqual(Object.fromEntries(own));
        }),
        { numRuns: 300 },
      );
    } finally {
      peer.close();
    }
  });

  it("are read in all representations", () => {
    const block = Buffer.concat([
      Buffer.of(0x20), // The dynamic table has no bytes.
      Buffer.of(0x88), // :status 200
      Buffer.of(0x82), // :method GET
      Buffer.of(0x40, 1, 0x61, 1, 0x31), // with indexing, own name
      Buffer.of(0x7d, 1, 0x32), // with indexing, name 61
      Buffer.of(0x10, 1, 0x62, 0), // never indexed
      Buffer.of(0x0f, 0x01, 1, 0x33), // name 16
      Buffer.of(0x00, 1, 0x61, 1, 0x34), // a name again
      // RFC 7541, C.4.1
      Buffer.from("418cf1e3c2e5f23a6ba0ab90f4ff", "hex"),
    ]);
    expect([...decodeHeaderBlock(block)]).toEqual([
      [":status", "200"],
      [":method", "GET"],
      ["a", "1, 4"],
      ["www-authenticate", "2"],
      ["b", ""],
      ["accept-encoding", "3"],
      [":authority", "www.example.com"],
    ]);
  });

  it.each<[string, string, RegExp]>([
    ["an index of the dynamic table", "be", /index 62/],
    ["index 0", "80", /index 0/],
    ["a dynamic table", "3f01", /dynamic table/],
    ["half a string", "000561", /cut off/],
    ["half an integer", "007f80", /cut off/],
    ["half a field", "000161", /cut off/],
    ["an integer without end", "007fffffffffff00", /too large/],
    ["the end of a string within Huffman code", "00016184ffffffff", /is coded/],
    ["zeros behind Huffman code", "0001618118", /ends within a symbol/],
    ["eight bits and more behind Huffman code", "000161821fff", /ends within a symbol/],
  ])("with %s are refused", (_, hex, message) => {
    expect(() => decodeHeaderBlock(Buffer.from(hex, "hex"))).toThrow(message);
  });

  it("cut or made up lead to nothing but an error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          decodeHeaderBlock(bytes);
        } catch (error) {
          expect((error as Error).message).toMatch(/header block|Huffman/);
        }
      }),
    );
  });
});
