/** Fails when a release of grpc-js or Node moves what grpc-js-internals.ts relies on. */

import { connect, createServer as createHttp2Server, type Settings } from "node:http2";
import { eventually } from "@isthmus/testkit";
import { afterEach, describe, expect, it } from "vitest";
import { GrpcConnection } from "./client.ts";
import { http2ServersOf, takeStreams } from "./grpc-js-internals.ts";
import { GrpcServer } from "./server.ts";
import type { ServerStream } from "./server-stream.ts";
import { Metadata } from "./status.ts";

const PATH = "/test.Sink/Stream";
const KIB = 1024;

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function sink(onStream: (stream: ServerStream) => void): Promise<GrpcServer> {
  const server = new GrpcServer({
    name: "sink",
    address: "127.0.0.1",
    port: 0,
    portSetting: "TEST_PORT",
    streamWindowBytes: 300 * KIB,
    connectionWindowBytes: 700 * KIB,
    drainMs: 100,
  });
  server.bidi(PATH, onStream);
  await server.start();
  cleanups.push(() => server.stop());
  return server;
}

describe("internals of grpc-js", () => {
  it("raises the windows that a client sees", async () => {
    const server = await sink((stream) => stream.accept({ message: () => {}, closed: () => {} }));
    const session = connect(`http://127.0.0.1:${server.port}`);
    cleanups.push(() => session.destroy());
    const settings: Settings[] = [];
    session.on("remoteSettings", (value) => settings.push(value));
    await eventually(() => settings.some(({ initialWindowSize }) => initialWindowSize === 300 * KIB));
    await eventually(() => session.state.remoteWindowSize === 700 * KIB);
  });

  it("takes more than 64 KiB without a round trip to the reader", async () => {
    // Nobody reads: what leaves the client is what fits into the window.
    const server = await sink(() => {});
    const connection = new GrpcConnection({ address: `grpc://127.0.0.1:${server.port}`, highWaterBytes: 8 * KIB });
    cleanups.push(() => connection.close());
    const stream = connection.bidi(PATH, new Metadata(), { message: () => {}, closed: () => {} });
    for (let i = 0; i < 15; i += 1) stream.writer.write(Buffer.alloc(16 * KIB));
    await eventually(() => stream.writer.pendingBytes === 0);
  });

  it("takes at most one message in advance while a reader pauses", async () => {
    const streams: ServerStream[] = [];
    const messages: Buffer[] = [];
    const server = await sink((stream) => {
      streams.push(stream);
      stream.accept({
        message: (bytes) => {
          messages.push(bytes);
          stream.pause();
        },
        closed: () => {},
      });
    });
    const connection = new GrpcConnection({ address: `grpc://127.0.0.1:${server.port}` });
    cleanups.push(() => connection.close());
    const stream = connection.bidi(PATH, new Metadata(), { message: () => {}, closed: () => {} });
    // 12 messages of 100 KiB: read in advance they would all be taken, 16 being the default of Node.
    for (let i = 0; i < 12; i += 1) stream.writer.write(Buffer.alloc(100 * KIB));
    await eventually(() => messages.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(messages).toHaveLength(1);
    expect(stream.writer.pendingBytes).toBeGreaterThan(500 * KIB);
    for (let expected = 2; expected <= 12; expected += 1) {
      streams[0]?.resume();
      await eventually(() => messages.length === expected);
    }
  });

  it("complains loudly when the servers are not where they were", () => {
    expect(() => http2ServersOf({} as never)).toThrow("keeps its http2 servers elsewhere");
    expect(() => takeStreams(createHttp2Server(), () => true)).toThrow("takes its calls elsewhere");
  });
});
