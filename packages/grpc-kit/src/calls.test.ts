/** Addresses and calls: server and connection against each other, over real sockets. */
import { connect as connectHttp2, createServer as createHttp2Server, type IncomingHttpHeaders } from "node:http2";
import { eventually } from "@isthmus/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { parseGrpcAddress } from "./client.ts";
import { metadataOf, splitValues } from "./metadata.ts";
import { GrpcCode, Metadata } from "./status.ts";
import { ASK, call, ECHO, open, plain, startServer } from "./testing/echo-rig.ts";

const MIB = 1024 * 1024;

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
    expect(splitValues(rig.metadata[0] ?? new Metadata(), "features")).toEqual(["zone-ping-health", "hash-suffix"]);
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
    onTestFinished(() => void h2.close());
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

  it("ends a call at its deadline, and one whose deadline or compression it cannot read", async () => {
    const rig = await startServer();
    const connection = plain(rig);
    const late = await call(connection, metadataOf({ "grpc-timeout": "20m" })).closed;
    expect(late).toEqual({ code: GrpcCode.DEADLINE_EXCEEDED, details: "Deadline exceeded" });
    const unreadable = await call(connection, metadataOf({ "grpc-timeout": "soon" })).closed;
    expect(unreadable).toEqual({ code: GrpcCode.INTERNAL, details: 'Invalid grpc-timeout value "soon"' });
    const session = connectHttp2(`http://127.0.0.1:${rig.server.port}`);
    onTestFinished(() => session.destroy());
    const request = session.request({
      ":method": "POST",
      ":path": ECHO,
      "content-type": "application/grpc+proto",
      "grpc-encoding": "snappy",
    });
    request.write(Buffer.from([1, 0, 0, 0, 1, 0]));
    const headers = await new Promise<IncomingHttpHeaders>((resolve) => request.on("response", resolve));
    expect(headers["grpc-status"]).toBe(String(GrpcCode.UNIMPLEMENTED));
    expect(rig.statuses.map(({ code }) => code)).toEqual([GrpcCode.DEADLINE_EXCEEDED, GrpcCode.UNIMPLEMENTED]);
  });

  it("reads compressed and plain messages of one stream in their order", async () => {
    const rig = await startServer();
    const { stream, received } = call(plain(rig, { gzip: true }));
    const messages = Array.from({ length: 30 }, (_, i) => Buffer.alloc(i % 3 === 0 ? 0 : i * 1_000, i));
    for (const message of messages) stream.writer.write(message);
    await eventually(() => received.length === messages.length);
    expect(received).toEqual(messages);
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
