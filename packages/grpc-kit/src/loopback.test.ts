/** Server and connection against each other and against misbehaving peers, over real sockets. */

import { connect as connectHttp2, constants, createServer as createHttp2Server } from "node:http2";
import { connect as connectTcp, createServer, type Socket } from "node:net";
import { eventually } from "@isthmus/testkit";
import { afterEach, describe, expect, it } from "vitest";
import type { ByteStreamHandlers } from "./byte-stream.ts";
import { GrpcConnection, type GrpcConnectionOptions, parseGrpcAddress } from "./client.ts";
import type { ClientStream } from "./client-stream.ts";
import { metadataOf, splitValues } from "./metadata.ts";
import { GrpcServer, type GrpcServerOptions } from "./server.ts";
import type { ServerStream } from "./server-stream.ts";
import { GrpcCode, GrpcError, type GrpcStatus, Metadata } from "./status.ts";
import { selfSignedPair } from "./tls-identity.ts";

const ECHO = "/test.Echo/Stream";
const ASK = "/test.Echo/Ask";
const MIB = 1024 * 1024;

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Rig {
  readonly server: GrpcServer;
  readonly streams: ServerStream[];
  readonly statuses: GrpcStatus[];
  readonly errors: unknown[];
}

async function startServer(
  options: Partial<GrpcServerOptions> = {},
  handle: (stream: ServerStream) => Partial<ByteStreamHandlers> = (stream) => ({
    message: (bytes) => void stream.writer.write(bytes),
  }),
): Promise<Rig> {
  const streams: ServerStream[] = [];
  const statuses: GrpcStatus[] = [];
  const errors: unknown[] = [];
  const server = new GrpcServer({
    name: "kds",
    address: "127.0.0.1",
    port: 0,
    portSetting: "TEST_PORT",
    drainMs: 200,
    onError: (error) => errors.push(error),
    ...options,
  });
  server.bidi(ECHO, (stream) => {
    streams.push(stream);
    stream.accept({ message: () => {}, ...handle(stream), closed: (status) => statuses.push(status) });
  });
  server.unary(ASK, (request, call) => {
    if (request.length === 0) throw new GrpcError(GrpcCode.INVALID_ARGUMENT, "nothing asked");
    if (request[0] === 0xff) throw new Error("broken");
    return Buffer.concat([request, Buffer.from(splitValues(call.metadata, "features").join("+"))]);
  });
  await server.start();
  cleanups.push(() => server.stop());
  return { server, streams, statuses, errors };
}

function open(options: GrpcConnectionOptions): GrpcConnection {
  const connection = new GrpcConnection({ closeMs: 200, ...options });
  cleanups.push(() => connection.close());
  return connection;
}

const plain = (rig: Rig, options: Partial<GrpcConnectionOptions> = {}): GrpcConnection =>
  open({ address: `grpc://127.0.0.1:${rig.server.port}`, ...options });

interface Call {
  readonly stream: ClientStream;
  readonly received: Buffer[];
  readonly headers: Metadata[];
  readonly closed: Promise<GrpcStatus>;
}

function call(connection: GrpcConnection, metadata = new Metadata()): Call {
  const received: Buffer[] = [];
  const headers: Metadata[] = [];
  let stream: ClientStream | undefined;
  const closed = new Promise<GrpcStatus>((resolve) => {
    stream = connection.bidi(ECHO, metadata, {
      message: (bytes) => received.push(bytes),
      headers: (value) => headers.push(value),
      closed: resolve,
    });
  });
  if (stream === undefined) throw new Error("no stream");
  return { stream, received, headers, closed };
}

describe("addresses", () => {
  it("takes grpc and grpcs with host and port, nothing else", () => {
    expect(parseGrpcAddress("grpcs://global.example:5685")).toEqual({
      host: "global.example",
      port: 5685,
      isSecure: true,
    });
    expect(parseGrpcAddress("grpc://[::1]:5685")).toEqual({ host: "::1", port: 5685, isSecure: false });
    for (const bad of ["https://a:1", "a:1", "", "grpc://a", "grpcs://"]) expect(() => parseGrpcAddress(bad)).toThrow();
  });
});

describe("calls", () => {
  it("echoes messages both ways, empty ones too, and keeps their order", async () => {
    const rig = await startServer();
    const { stream, received } = call(plain(rig));
    for (let i = 0; i < 50; i += 1) stream.writer.write(Buffer.from([i]));
    stream.writer.write(Buffer.alloc(0));
    await eventually(() => received.length === 51);
    expect(received.slice(0, 50).map((bytes) => bytes[0])).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(received[50]).toHaveLength(0);
  });

  it("carries repeated metadata, response headers and unary calls", async () => {
    const rig = await startServer({}, (stream) => {
      stream.sendHeaders(metadataOf({ "isthmus-history": "h1" }));
      return {};
    });
    const connection = plain(rig);
    const metadata = metadataOf({ features: ["zone-ping-health", "hash-suffix"] });
    const { headers } = call(connection, metadata);
    await eventually(() => headers.length === 1);
    expect(headers[0]?.get("isthmus-history")).toEqual(["h1"]);
    expect(splitValues(rig.streams[0]?.metadata ?? new Metadata(), "features")).toEqual([
      "zone-ping-health",
      "hash-suffix",
    ]);
    const answer = await connection.unary(ASK, Buffer.from("?"), metadata);
    expect(answer.toString()).toBe("?zone-ping-health+hash-suffix");
  });

  it("sends the two features as two header fields", async () => {
    const seen: string[][] = [];
    const h2 = createHttp2Server();
    h2.on("stream", (stream, _headers, _flags, rawHeaders?: string[]) => {
      seen.push(rawHeaders ?? []);
      stream.respond({ ":status": 200, "content-type": "application/grpc", "grpc-status": "0" }, { endStream: true });
    });
    await new Promise<void>((resolve) => h2.listen(0, "127.0.0.1", resolve));
    cleanups.push(() => void h2.close());
    const address = h2.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const connection = open({ address: `grpc://127.0.0.1:${address.port}`, userAgent: "kds/2.14.3 (linux; x64)" });
    call(connection, metadataOf({ features: ["zone-ping-health", "hash-suffix"] }));
    await eventually(() => seen.length === 1);
    const pairs = (seen[0] ?? []).flatMap((value, i, all) => (i % 2 === 0 ? [[value, all[i + 1]]] : []));
    expect(pairs.filter(([name]) => name === "features")).toEqual([
      ["features", "zone-ping-health"],
      ["features", "hash-suffix"],
    ]);
    expect(pairs.find(([name]) => name === "user-agent")?.[1]).toMatch(/^kds\/2\.14\.3 \(linux; x64\) grpc-node-js\//);
  });

  it("sends gzip when asked to, which the server decodes", async () => {
    const rig = await startServer();
    const { stream, received } = call(plain(rig, { gzip: true }));
    stream.writer.write(Buffer.alloc(100_000, "a"));
    await eventually(() => received.length === 1);
    expect(received[0]).toHaveLength(100_000);
  });

  it("answers unary errors with the handler's status, and INTERNAL for what it did not expect", async () => {
    const rig = await startServer();
    const connection = plain(rig);
    await expect(connection.unary(ASK, Buffer.alloc(0), new Metadata())).rejects.toMatchObject({
      code: GrpcCode.INVALID_ARGUMENT,
      details: "nothing asked",
    });
    await expect(connection.unary(ASK, Buffer.from([0xff]), new Metadata())).rejects.toMatchObject({
      code: GrpcCode.INTERNAL,
    });
    expect(rig.errors).toHaveLength(1);
    await expect(connection.unary("/test.Echo/None", Buffer.alloc(1), new Metadata())).rejects.toMatchObject({
      code: GrpcCode.UNIMPLEMENTED,
    });
  });

  it("ends a stream with code and text, once, on both sides", async () => {
    const rig = await startServer();
    const { closed } = call(plain(rig));
    await eventually(() => rig.streams.length === 1);
    rig.streams[0]?.end({ code: GrpcCode.CANCELLED, details: "superseded by a newer connection: \u00fc" });
    rig.streams[0]?.end({ code: GrpcCode.INTERNAL, details: "never sent" });
    expect(await closed).toEqual({ code: GrpcCode.CANCELLED, details: "superseded by a newer connection: \u00fc" });
    expect(rig.statuses).toEqual([{ code: GrpcCode.CANCELLED, details: "superseded by a newer connection: \u00fc" }]);
  });

  it("delivers what was written before the end", async () => {
    const rig = await startServer();
    const { closed, received } = call(plain(rig));
    await eventually(() => rig.streams.length === 1);
    rig.streams[0]?.writer.write(Buffer.alloc(MIB));
    rig.streams[0]?.end({ code: GrpcCode.UNAVAILABLE, details: "stream unavailable" });
    expect((await closed).code).toBe(GrpcCode.UNAVAILABLE);
    expect(received).toHaveLength(1);
  });

  it("tells the server when the client cancels, and of a half-close", async () => {
    let halfClosed = 0;
    const rig = await startServer({}, () => ({
      halfClosed: () => {
        halfClosed += 1;
      },
    }));
    const connection = plain(rig);
    const first = call(connection);
    await eventually(() => rig.streams.length === 1);
    first.stream.halfClose();
    await eventually(() => halfClosed === 1);
    first.stream.cancel();
    await eventually(() => rig.statuses.length === 1);
    expect(rig.statuses[0]?.code).toBe(GrpcCode.CANCELLED);
    expect((await first.closed).code).toBe(GrpcCode.CANCELLED);
  });

  it("turns a throwing handler into INTERNAL instead of ending the process", async () => {
    const rig = await startServer({}, () => ({
      message: () => {
        throw new Error("bug");
      },
    }));
    const { stream, closed } = call(plain(rig));
    stream.writer.write(Buffer.from("x"));
    expect(await closed).toEqual({ code: GrpcCode.INTERNAL, details: "stream failed" });
    expect(rig.errors).toHaveLength(1);
  });

  it("gives the streams of a connection one id, those of another a different one", async () => {
    const rig = await startServer();
    const one = plain(rig);
    call(one);
    call(one);
    await eventually(() => rig.streams.length === 2);
    call(plain(rig));
    await eventually(() => rig.streams.length === 3);
    const [a, b, c] = rig.streams.map((stream) => stream.connectionId);
    expect(a).toBe(b);
    expect(c).not.toBe(a);
    expect(rig.streams[0]?.peer).toMatch(/^127\.0\.0\.1:\d+$/);
  });
});

describe("sizes", () => {
  it("carries a message of the whole limit", async () => {
    const rig = await startServer();
    const { stream, received } = call(plain(rig));
    stream.writer.write(Buffer.alloc(10 * MIB, 7));
    await eventually(() => received.length === 1);
    expect(received[0]?.length).toBe(10 * MIB);
  });

  it("refuses an oversize message with RESOURCE_EXHAUSTED and the sizes, either way", async () => {
    const rig = await startServer({ maxMessageBytes: MIB });
    const { stream, closed } = call(plain(rig));
    stream.writer.write(Buffer.alloc(MIB + 1));
    expect(await closed).toEqual({
      code: GrpcCode.RESOURCE_EXHAUSTED,
      details: `Received message larger than max (${MIB + 1} vs ${MIB})`,
    });
    await eventually(() => rig.statuses.length === 1);
    expect(rig.statuses).toEqual([await closed]);
    const big = await startServer({ maxMessageBytes: 4 * MIB }, (stream) => {
      stream.writer.write(Buffer.alloc(2 * MIB));
      return {};
    });
    const small = call(plain(big, { maxMessageBytes: MIB }));
    const status = await small.closed;
    expect(status.code).toBe(GrpcCode.RESOURCE_EXHAUSTED);
    expect(status.details).toContain(String(MIB));
  });

  it("counts the limit after decompression", async () => {
    const rig = await startServer({ maxMessageBytes: MIB });
    const { stream, closed } = call(plain(rig, { gzip: true }));
    stream.writer.write(Buffer.alloc(8 * MIB));
    expect((await closed).code).toBe(GrpcCode.RESOURCE_EXHAUSTED);
  });
});

describe("back-pressure", () => {
  it("blocks the server's writer while the client does not read, in bytes, and reports the drain", async () => {
    const rig = await startServer({ highWaterBytes: MIB }, () => ({}));
    const { stream, received } = call(plain(rig, { windowBytes: 128 * 1024 }));
    await eventually(() => rig.streams.length === 1);
    const writer = rig.streams[0]?.writer;
    if (writer === undefined) throw new Error("no stream");
    let drained = 0;
    writer.onDrained(() => {
      drained += 1;
    });
    stream.pause();
    let sent = 0;
    while (writer.write(Buffer.alloc(64 * 1024))) sent += 1;
    expect(sent).toBeLessThan(20);
    expect(writer.isBlocked).toBe(true);
    expect(drained).toBe(0);
    stream.resume();
    await eventually(() => received.length === sent + 1);
    expect(drained).toBe(1);
  });

  it("holds the client back while the server does not read", async () => {
    const rig = await startServer({ streamWindowBytes: 128 * 1024, connectionWindowBytes: 256 * 1024 }, (stream) => {
      stream.pause();
      return {};
    });
    const { stream } = call(plain(rig));
    await eventually(() => rig.streams.length === 1);
    for (let i = 0; i < 200; i += 1) stream.writer.write(Buffer.alloc(16 * 1024));
    expect(stream.writer.isBlocked).toBe(true);
    const before = stream.writer.pendingBytes;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(before - stream.writer.pendingBytes).toBeLessThan(512 * 1024);
    rig.streams[0]?.resume();
    await eventually(() => !stream.writer.isBlocked);
  });

  it("ends a stream whose peer reads nothing, within the grace period", async () => {
    const rig = await startServer({}, () => ({}));
    const { stream, closed } = call(plain(rig, { windowBytes: 65_535 }));
    await eventually(() => rig.streams.length === 1);
    stream.pause();
    rig.streams[0]?.writer.write(Buffer.alloc(4 * MIB));
    rig.streams[0]?.end({ code: GrpcCode.CANCELLED, details: "gone" });
    expect((await closed).code).toBe(GrpcCode.CANCELLED);
  });
});

describe("TLS", () => {
  it("accepts the pinned certificate by address and name, and refuses another", async () => {
    const nowMs = Date.now();
    const pair = await selfSignedPair({ names: ["localhost", "127.0.0.1"], nowMs });
    const other = await selfSignedPair({ names: ["localhost", "127.0.0.1"], nowMs });
    const rig = await startServer({ tls: pair });
    for (const host of ["127.0.0.1", "localhost"]) {
      const address = `grpcs://${host}:${rig.server.port}`;
      const pinned = open({ address, tls: { ca: pair.certificate } });
      expect(await pinned.ready()).toBe(true);
      expect((await pinned.unary(ASK, Buffer.from("!"), new Metadata())).toString()).toBe("!");

      const wrong = open({ address, tls: { ca: other.certificate } });
      expect(await wrong.ready()).toBe(false);
      const refused = await call(wrong).closed;
      expect(refused.code).toBe(GrpcCode.UNAVAILABLE);
      expect(refused.details).toContain(`TLS with ${host}:${rig.server.port} failed: self-signed certificate`);

      const roots = open({ address });
      expect((await call(roots).closed).details).toContain("self-signed certificate");

      const blind = open({ address, tls: { skipVerify: true } });
      expect(await blind.ready()).toBe(true);
    }
  });

  it("refuses a certificate of another name", async () => {
    const pair = await selfSignedPair({ names: ["global.example"], nowMs: Date.now() });
    const rig = await startServer({ tls: pair });
    const connection = open({ address: `grpcs://127.0.0.1:${rig.server.port}`, tls: { ca: pair.certificate } });
    expect((await call(connection).closed).details).toMatch(/does not match certificate's altnames/);
  });

  it("says so when the server does not speak TLS, or the client does not", async () => {
    const rig = await startServer();
    const secure = open({ address: `grpcs://127.0.0.1:${rig.server.port}` });
    const status = await call(secure).closed;
    expect(status.code).toBe(GrpcCode.UNAVAILABLE);
    expect(status.details).toContain(`TLS with 127.0.0.1:${rig.server.port} failed`);
    const pair = await selfSignedPair({ names: ["127.0.0.1"], nowMs: Date.now() });
    const tlsRig = await startServer({ tls: pair });
    expect((await call(plain(tlsRig)).closed).code).toBe(GrpcCode.UNAVAILABLE);
  });

  it("shows a new certificate to new connections", async () => {
    const first = await selfSignedPair({ names: ["127.0.0.1"], nowMs: Date.now() });
    const second = await selfSignedPair({ names: ["127.0.0.1"], nowMs: Date.now() });
    const rig = await startServer({ tls: first });
    const address = `grpcs://127.0.0.1:${rig.server.port}`;
    const old = open({ address, tls: { ca: first.certificate } });
    expect(await old.ready()).toBe(true);
    rig.server.updateTls(second);
    expect(await open({ address, tls: { ca: second.certificate } }).ready()).toBe(true);
    expect((await old.unary(ASK, Buffer.from("."), new Metadata())).toString()).toBe(".");
  });
});

describe("lifecycle", () => {
  it("names port and setting when the port is taken", async () => {
    const rig = await startServer();
    const second = new GrpcServer({
      name: "kds",
      address: "127.0.0.1",
      port: rig.server.port,
      portSetting: "KUMA_MULTIZONE_GLOBAL_KDS_GRPC_PORT",
    });
    await expect(second.start()).rejects.toThrow(
      `kds: port ${rig.server.port} on 127.0.0.1 is in use by another process (setting KUMA_MULTIZONE_GLOBAL_KDS_GRPC_PORT)`,
    );
    await second.stop();
  });

  it("reports a refused connection on every call, and does not come back by itself", async () => {
    const rig = await startServer();
    const { port } = rig.server;
    await rig.server.stop();
    const connection = open({ address: `grpc://127.0.0.1:${port}` });
    const status = await call(connection).closed;
    expect(status.code).toBe(GrpcCode.UNAVAILABLE);
    expect(status.details).toContain("ECONNREFUSED");
    expect(await connection.ready()).toBe(false);
  });

  it("does not connect a second time after a loss", async () => {
    const rig = await startServer();
    const { port } = rig.server;
    const connection = plain(rig);
    const first = call(connection);
    await eventually(() => rig.streams.length === 1);
    await rig.server.stop();
    expect((await first.closed).code).toBe(GrpcCode.UNAVAILABLE);
    const again = await startServer({ port });
    expect((await call(connection).closed).details).toContain("connection lost");
    expect(again.streams).toHaveLength(0);
  });

  it("closes only when the server has seen the end of the connection", async () => {
    const rig = await startServer();
    const connection = plain(rig);
    call(connection);
    await eventually(() => rig.server.connections === 1);
    await connection.close();
    await eventually(() => rig.server.connections === 0, { timeoutMs: 500 });
    expect(rig.statuses).toHaveLength(1);
  });

  it("closes a connection that is still being made, and one whose server is silent", async () => {
    const sockets: Socket[] = [];
    let ended = 0;
    const silent = createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        ended += 1;
      });
      socket.resume();
    });
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    cleanups.push(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const address = silent.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const connection = open({ address: `grpcs://127.0.0.1:${address.port}` });
    const { closed } = call(connection);
    await eventually(() => sockets.length === 1);
    await connection.close();
    expect((await closed).code).toBe(GrpcCode.CANCELLED);
    await eventually(() => ended === 1);
  });

  it("stops within its bound although a stream is open and a peer never said anything", async () => {
    const pair = await selfSignedPair({ names: ["127.0.0.1"], nowMs: Date.now() });
    const rig = await startServer({ tls: pair, drainMs: 100 });
    const mute = connectTcp(rig.server.port, "127.0.0.1");
    cleanups.push(() => void mute.destroy());
    mute.on("error", () => {});
    const connection = open({ address: `grpcs://127.0.0.1:${rig.server.port}`, tls: { skipVerify: true } });
    const { closed } = call(connection);
    await eventually(() => rig.streams.length === 1);
    const began = performance.now();
    await rig.server.stop();
    expect(performance.now() - began).toBeLessThan(2_000);
    expect((await closed).code).toBe(GrpcCode.UNAVAILABLE);
  });

  it("survives garbage on the port and broken frames in a stream", async () => {
    const rig = await startServer();
    const garbage = connectTcp(rig.server.port, "127.0.0.1");
    garbage.on("error", () => {});
    garbage.write(Buffer.from("GET / HTTP/1.1\r\n\r\n\0\0\0\0"));
    const session = connectHttp2(`http://127.0.0.1:${rig.server.port}`);
    session.on("error", () => {});
    cleanups.push(() => session.destroy());
    const request = session.request({
      ":method": "POST",
      ":path": ECHO,
      "content-type": "application/grpc",
      "grpc-encoding": "gzip",
      te: "trailers",
    });
    const trailers = new Promise<Record<string, unknown>>((resolve) => {
      request.on("response", (headers) => {
        if (headers["grpc-status"] !== undefined) resolve(headers);
      });
      request.on("trailers", resolve);
    });
    // A frame that says "gzip" and is not.
    request.write(Buffer.from([1, 0, 0, 0, 4, 0xde, 0xad, 0xbe, 0xef]));
    expect((await trailers)["grpc-status"]).toBe(String(GrpcCode.INTERNAL));
    const wrongType = session.request({ ":method": "POST", ":path": ECHO, "content-type": "text/plain" });
    const status = await new Promise((resolve) => wrongType.on("response", (h) => resolve(h[":status"])));
    expect(status).toBe(constants.HTTP_STATUS_UNSUPPORTED_MEDIA_TYPE);
    const { stream, received } = call(plain(rig));
    stream.writer.write(Buffer.from("still here"));
    await eventually(() => received.length === 1);
  });
});
