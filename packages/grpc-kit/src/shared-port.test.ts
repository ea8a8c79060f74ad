import { connect as connectHttp2 } from "node:http2";
import { request } from "node:https";
import { connect, type TLSSocket } from "node:tls";
import { eventually } from "@isthmus/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { GrpcConnection } from "./client.ts";
import { GrpcServer } from "./server.ts";
import { SharedPort } from "./shared-port.ts";
import { Metadata } from "./status.ts";
import { selfSignedPair } from "./tls-identity.ts";

const tls = await selfSignedPair({ names: ["localhost", "127.0.0.1"], nowMs: Date.now() });
const open: { stop(): Promise<void> | void }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.stop();
});

async function start(): Promise<SharedPort> {
  const grpc = new GrpcServer({ name: "grpc", drainMs: 50 });
  grpc.unary("/test.Echo/Say", (bytes) => bytes);
  grpc.bidi("/test.Echo/Chat", (stream) => {
    stream.accept({ message: (bytes) => void stream.writer.write(bytes), closed: () => {} });
  });
  const port = new SharedPort({
    name: "dp-server",
    address: "127.0.0.1",
    port: 0,
    portSetting: "dpServer.port",
    tls,
    grpc,
    http: (incoming, response) => {
      let body = "";
      incoming.on("data", (chunk: Buffer) => (body += chunk.toString()));
      incoming.on("end", () => response.end(`${incoming.method} ${incoming.url} ${body}`));
    },
  });
  await port.start();
  open.push(port);
  return port;
}

function post(port: number, options: { readonly ALPNProtocols?: string[] }, path = "/bootstrap"): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: "127.0.0.1", port, path, method: "POST", ca: tls.certificate, agent: false, ...options },
      (response) => {
        let body = "";
        response.on("data", (chunk: Buffer) => (body += chunk.toString()));
        response.on("end", () => resolve(body));
      },
    );
    outgoing.on("error", reject);
    outgoing.end("hello");
  });
}

/** HTTP/2 by Node's own client over a connection with, or without, ALPN. */
function sayOverHttp2(port: number, protocols: string[] | undefined): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2(`https://127.0.0.1:${port}`, {
      createConnection: () =>
        connect({ host: "127.0.0.1", port, ca: tls.certificate, ...(protocols && { ALPNProtocols: protocols }) }),
    });
    session.on("error", reject);
    const stream = session.request({
      ":method": "POST",
      ":path": "/test.Echo/Say",
      "content-type": "application/grpc",
      te: "trailers",
    });
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      session.destroy();
      resolve(Buffer.concat(chunks));
    });
    stream.end(Buffer.from([0, 0, 0, 0, 2, 104, 105]));
  });
}

describe("one port", () => {
  it("serves HTTP/1.1 to clients that announce it and to those that announce nothing", async () => {
    const { port } = await start();
    expect(await post(port, { ALPNProtocols: ["http/1.1"] })).toBe("POST /bootstrap hello");
    expect(await post(port, { ALPNProtocols: [] })).toBe("POST /bootstrap hello");
  });

  it("serves gRPC to clients that announce HTTP/2 and to those that just begin", async () => {
    const { port } = await start();
    const answer = Buffer.from([0, 0, 0, 0, 2, 104, 105]);
    expect(await sayOverHttp2(port, ["h2"])).toEqual(answer);
    expect(await sayOverHttp2(port, undefined)).toEqual(answer);
  });

  it("serves grpc-js, unary and streaming, many at once", async () => {
    const { port } = await start();
    const connection = new GrpcConnection({ address: `grpcs://127.0.0.1:${port}`, tls: { ca: tls.certificate } });
    open.push({ stop: () => connection.close() });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => connection.unary("/test.Echo/Say", Buffer.from([i]), new Metadata())),
    );
    expect(answers.map((bytes) => bytes[0])).toEqual(Array.from({ length: 20 }, (_, i) => i));
    const received: string[] = [];
    const stream = connection.bidi("/test.Echo/Chat", new Metadata(), {
      message: (bytes) => void received.push(bytes.toString()),
      closed: () => {},
    });
    stream.writer.write(Buffer.from("a"));
    await eventually(() => received[0] === "a");
  });

  it("knows a preface that comes in pieces", async () => {
    const { port } = await start();
    const socket = await connected(port);
    let received = 0;
    socket.on("data", (chunk: Buffer) => (received += chunk.length));
    socket.write("PR");
    await new Promise((resolve) => setImmediate(resolve));
    socket.write("I * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
    // The settings of the server.
    await eventually(() => received > 9);
    socket.destroy();
  });

  it("shows a new certificate to new connections", async () => {
    const port = await start();
    const renewed = await selfSignedPair({ names: ["127.0.0.1"], nowMs: Date.now() });
    port.updateTls(renewed);
    await expect(post(port.port, {})).rejects.toThrow(/certificate/);
  });

  it("ends every connection when it stops, idle and half-open ones too", async () => {
    const port = await start();
    const idle = await connected(port.port);
    const half = await connected(port.port);
    half.write("PO");
    const closed = Promise.all([idle, half].map((socket) => new Promise((resolve) => socket.once("close", resolve))));
    await port.stop();
    await closed;
  });

  it("names port and setting when it cannot listen", async () => {
    const { port } = await start();
    const other = new SharedPort({
      name: "dp-server",
      address: "127.0.0.1",
      port,
      portSetting: "dpServer.port",
      tls,
      grpc: new GrpcServer({ name: "grpc" }),
      http: () => {},
    });
    await expect(other.start()).rejects.toThrow(
      `dp-server: port ${port} on 127.0.0.1 is in use by another process (setting dpServer.port)`,
    );
    await other.stop();
  });
});

function connected(port: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, ca: tls.certificate }, () => resolve(socket));
    socket.resume();
    socket.on("error", reject);
  });
}
