import { createHash } from "node:crypto";
import {
  constants,
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type SecureServerOptions,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { freePorts, type KeyPair, TestCa } from "@isthmus/testkit";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { encodeHeaderBlock } from "./hpack.ts";
import { type CallEnd, Http2Call, RECEIVE_WINDOW_BYTES } from "./http2-call.ts";
import { encodeFrame, FLAG, FRAME, FRAME_BYTES_MAX } from "./http2-frame.ts";

const UNAVAILABLE = 14;
const STATUS = encodeHeaderBlock([
  ["grpc-status", "7"],
  ["grpc-message", "no"],
]);
const PING = encodeFrame(FRAME.ping, 0, 0, Buffer.alloc(8));
let own: KeyPair;
const closing: (() => void)[] = [];

beforeAll(async () => {
  own = await (await TestCa.create()).issue({ commonName: "server", usage: "server", names: ["127.0.0.1"] });
});
afterEach(() => {
  for (const close of closing.splice(0).reverse()) close();
});

async function urlOf(server: Server | Http2SecureServer): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => server.close());
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

type OnStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/** Of a server that does this with each stream. */
async function serve(onStream: OnStream, options: SecureServerOptions = {}): Promise<string> {
  const server = createSecureServer({ cert: own.certificate, key: own.privateKey, ...options });
  server.on("sessionError", () => {});
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    onStream(stream, headers);
  });
  return urlOf(server);
}

function call(url: string, onData: (piece: Buffer) => void = () => {}): Http2Call {
  const made = new Http2Call({ url, path: "/service/Method", headers: { te: "trailers", "x-own": "some" }, onData });
  closing.push(() => made.destroy());
  return made;
}

function endWith(stream: ServerHttp2Stream, trailers: Record<string, string>): void {
  stream.once("wantTrailers", () => stream.sendTrailers(trailers));
  stream.end();
}

/** How a call ends whose stream is used like this. */
async function endOf(onStream: OnStream, options?: SecureServerOptions): Promise<CallEnd> {
  return call(await serve(onStream, options)).ended;
}

/** Of a server that does this once something came. */
async function serveRaw(onRequest: (socket: TLSSocket) => unknown): Promise<string> {
  const server = createServer({ cert: own.certificate, key: own.privateKey, ALPNProtocols: ["h2"] }, (socket) => {
    socket.on("error", () => {});
    socket.once("data", () => onRequest(socket));
  });
  return urlOf(server);
}

function goAway(lastStreamId: number, code: number): Buffer {
  return encodeFrame(FRAME.goAway, 0, 0, Buffer.of(0, 0, 0, lastStreamId, 0, 0, 0, code));
}

/** Bytes that show when one is missing, doubled or in a wrong place. */
function pattern(size: number, seed: string): Buffer {
  const block = createHash("sha512").update(seed).digest();
  const bytes = Buffer.alloc(size, block);
  for (let at = 0; at + 4 <= size; at += 997) bytes.writeUInt32BE(at, at);
  return bytes;
}

describe("an Http2Call", () => {
  it("asks as gRPC does", async () => {
    let asked: IncomingHttpHeaders = {};
    const url = await serve((stream, headers) => {
      asked = headers;
      stream.respond({ ":status": 200, "grpc-status": "0" }, { endStream: true });
    });
    expect(await call(url).ended).toEqual({ code: 0, message: "" });
    expect(asked).toMatchObject({
      ":method": "POST",
      ":scheme": "https",
      ":authority": url.slice("https://".length),
      ":path": "/service/Method",
      te: "trailers",
      "x-own": "some",
    });
  });

  it.each<[string, SecureServerOptions]>([
    ["as it is", {}],
    ["with padding", { paddingStrategy: constants.PADDING_STRATEGY_MAX }],
    ["with a small window", { settings: { initialWindowSize: 1_000 } }],
    ["without a window at first", { settings: { initialWindowSize: 0 } }],
    ["with large frames", { settings: { initialWindowSize: 1_000_000, maxFrameSize: 200_000 } }],
  ])("transfers bytes both ways, %s", async (_, options) => {
    const sent = Array.from({ length: 12 }, (__, i) => pattern(1 + i * 9_001, `${i}`));
    const all = Buffer.concat(sent);
    const received: Buffer[] = [];
    const url = await serve((stream) => {
      stream.respond({ ":status": 200 }, { waitForTrailers: true });
      let size = 0;
      stream.on("data", (chunk: Buffer) => {
        stream.write(chunk);
        size += chunk.length;
        if (size === all.length) endWith(stream, { "grpc-status": "0" });
      });
      const { session } = stream;
      if (options.settings?.initialWindowSize === 0) session?.settings({ initialWindowSize: 5_000 });
    }, options);
    const made = call(url, (piece) => received.push(Buffer.from(piece)));
    for (const bytes of sent) made.write([bytes.subarray(0, 1), Buffer.alloc(0), bytes.subarray(1)]);
    expect(await made.ended).toEqual({ code: 0, message: "" });
    expect(Buffer.concat(received).equals(all)).toBe(true);
  });

  it("follows windows that are changed while it sends", async () => {
    const all = pattern(3_000_000, "up");
    const received: Buffer[] = [];
    const url = await serve((stream) => {
      stream.respond({ ":status": 200 }, { waitForTrailers: true });
      const sizes = [0, 70_000, 1, 0, 300_000];
      let size = 0;
      stream.on("data", (chunk: Buffer) => {
        received.push(chunk);
        size += chunk.length;
        const initialWindowSize = sizes.shift();
        if (initialWindowSize !== undefined) stream.session?.settings({ initialWindowSize });
        if (size === all.length) endWith(stream, { "grpc-status": "0" });
      });
    });
    const made = call(url);
    for (let at = 0; at < all.length; at += 100_000) made.write([all.subarray(at, at + 100_000)]);
    expect(await made.ended).toEqual({ code: 0, message: "" });
    expect(Buffer.concat(received).equals(all)).toBe(true);
  });

  it("gives back to the windows what it has read", async () => {
    const chunk = pattern(1024 * 1024, "down");
    const chunks = (RECEIVE_WINDOW_BYTES / chunk.length) * 3;
    const hash = createHash("sha1");
    const url = await serve((stream) => {
      stream.respond({ ":status": 200 }, { waitForTrailers: true });
      for (let i = 0; i < chunks; i += 1) stream.write(chunk);
      endWith(stream, { "grpc-status": "0" });
    });
    expect(await call(url, (piece) => hash.update(piece)).ended).toEqual({ code: 0, message: "" });
    const expected = createHash("sha1");
    for (let i = 0; i < chunks; i += 1) expected.update(chunk);
    expect(hash.digest("hex")).toBe(expected.digest("hex"));
  });

  it("answers pings and settings", async () => {
    const end = await endOf((stream) => {
      stream.respond({ ":status": 200 }, { waitForTrailers: true });
      stream.session?.ping(Buffer.from("12345678"), (error, _, payload) => {
        stream.session?.settings({ maxConcurrentStreams: 7 }, (failure) =>
          endWith(stream, { "grpc-status": "1", "grpc-message": `${error} ${payload.toString()} ${failure}` }),
        );
      });
    });
    expect(end).toEqual({ code: 1, message: "null 12345678 null" });
  });

  it.each<[string, string, string]>([
    ["a text", "authentication failed: there is no token", "authentication failed: there is no token"],
    ["an encoded text", "50%25 of %C3%A4%E2%82%AC%0A", "50% of ä€\n"],
    ["a text that is wrongly encoded", "50% of it", "50% of it"],
    ["a long text", "x".repeat(40_000), "x".repeat(40_000)],
  ])("reads a status with %s, in trailers and without any data", async (_, sent, message) => {
    const status = { "grpc-status": "16", "grpc-message": sent };
    const options = { maxSendHeaderBlockLength: 100_000 };
    const withTrailers = await endOf((stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true, ...options });
      endWith(stream, status);
    }, options);
    expect(withTrailers).toEqual({ code: 16, message });
    const only = await endOf((stream) => stream.respond({ ":status": 200, ...status }, { endStream: true }), options);
    expect(only).toEqual({ code: 16, message });
  });

  it("goes on when the server takes no further calls", async () => {
    const end = await endOf((stream) => {
      stream.respond({ ":status": 200 }, { waitForTrailers: true });
      stream.session?.goaway(constants.NGHTTP2_NO_ERROR);
      stream.session?.ping(() => endWith(stream, { "grpc-status": "0", "grpc-message": "done" }));
    });
    expect(end).toEqual({ code: 0, message: "done" });
  });

  it.each<[string, OnStream, string]>([
    ["resets the stream", (stream) => stream.close(constants.NGHTTP2_CANCEL), "the stream was reset, HTTP/2 error 8"],
    ["goes away", ({ session }) => session?.goaway(2), "the server goes away, HTTP/2 error 2"],
    [
      "has no such thing",
      (stream) => stream.respond({ ":status": 404 }, { endStream: true }),
      "the stream ended without a status, HTTP status 404",
    ],
    [
      "ends without trailers",
      (stream) => {
        stream.respond({ ":status": 200 });
        stream.end("data");
      },
      "the stream ended without a status",
    ],
  ])("is over when the server %s", async (_, onStream, message) => {
    expect(await endOf(onStream)).toEqual({ code: UNAVAILABLE, message });
  });

  it("is over when nobody listens, or does not speak HTTP/2", async () => {
    const [port] = await freePorts(1);
    expect(await call(`https://127.0.0.1:${port}`).ended).toMatchObject({
      code: UNAVAILABLE,
      message: expect.stringMatching(/ECONNREFUSED/) as unknown,
    });
    const tls = { cert: own.certificate, key: own.privateKey };
    const silent = await urlOf(createServer(tls, (socket) => socket.on("error", () => {})));
    expect(await call(silent).ended).toEqual({ code: UNAVAILABLE, message: "the server does not speak HTTP/2" });
  });

  it.each<[string, readonly Buffer[], string]>([
    ["nothing, and is gone", [], "the connection is gone"],
    ["that it did not take the call", [goAway(0, 0)], "the server goes away, HTTP/2 error 0"],
    ["something else", [Buffer.from("HTTP/1.1 400 Bad Request")], "HTTP/2: a frame of 4740180 bytes"],
    ["a push", [encodeFrame(FRAME.pushPromise, 0, 1, STATUS)], "HTTP/2: a server pushes what nobody wants"],
    ["data of another stream", [encodeFrame(FRAME.data, 0, 3, STATUS)], "HTTP/2: data of stream 3"],
    ["headers of another stream", [encodeFrame(FRAME.headers, 5, 3, STATUS)], "HTTP/2: headers of stream 3"],
    ["half a header block", [encodeFrame(FRAME.headers, 0, 1, STATUS), PING], "HTTP/2: a header block is cut off"],
    ["the end of a header block", [encodeFrame(FRAME.continuation, 4, 1, STATUS)], "HTTP/2: a continuation of nothing"],
    [
      "a header block without end",
      [FRAME.headers, ...Array.from({ length: 5 }, () => FRAME.continuation)].map((type) =>
        encodeFrame(type, 0, 1, Buffer.alloc(FRAME_BYTES_MAX)),
      ),
      "HTTP/2: a header block of 81920 bytes",
    ],
    [
      "what is no header block",
      [encodeFrame(FRAME.headers, FLAG.endHeaders, 1, Buffer.of(0xff, 0))],
      "HTTP/2: a header block has index 127, which is not in the static table",
    ],
    ["half a setting", [encodeFrame(FRAME.settings, 0, 0, Buffer.of(0, 4))], "HTTP/2: a frame with only 2 bytes"],
    [
      "that a window grows by nothing",
      [encodeFrame(FRAME.windowUpdate, 0, 0, Buffer.alloc(4))],
      "HTTP/2: a window grows by nothing",
    ],
  ])("is over when the server says %s", async (_, frames, message) => {
    const url = await serveRaw((socket) => socket.end(Buffer.concat(frames)));
    expect(await call(url).ended).toEqual({ code: UNAVAILABLE, message });
  });

  it("takes a status byte by byte, with a priority, among frames that it does not know", async () => {
    const first = Buffer.concat([Buffer.alloc(5), STATUS.subarray(0, 3)]);
    const frames = [
      encodeFrame(FRAME.settings, 0, 0, Buffer.alloc(0)),
      encodeFrame(0x42, 0xff, 9, Buffer.alloc(100)),
      PING,
      encodeFrame(FRAME.headers, FLAG.endStream | FLAG.priority, 1, first),
      encodeFrame(FRAME.continuation, 0, 1, STATUS.subarray(3, 9)),
      encodeFrame(FRAME.continuation, FLAG.endHeaders, 1, STATUS.subarray(9)),
    ];
    const url = await serveRaw(async (socket) => {
      for (const byte of Buffer.concat(frames)) await new Promise((resolve) => socket.write(Buffer.of(byte), resolve));
    });
    expect(await call(url).ended).toEqual({ code: 7, message: "no" });
  });

  it("is over when it is destroyed, and then sends nothing", async () => {
    let made: Http2Call | undefined;
    const gone = new Promise<void>((resolve) => {
      void serve((stream) => {
        stream.on("close", resolve);
        stream.respond({ ":status": 200 });
        made?.destroy();
        made?.write([Buffer.alloc(10)]);
      }).then((url) => {
        made = call(url);
      });
    });
    await gone;
    expect(await made?.ended).toEqual({ code: UNAVAILABLE, message: "the connection is gone" });
  });
});
