/** Starting, stopping and losing connections, and peers that misbehave, over real sockets. */
import http2, { connect as connectHttp2, constants, type ServerHttp2Session } from "node:http2";
import { connect as connectTcp, createServer, type Socket } from "node:net";
import { eventually, freePorts } from "@isthmus/testkit";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { GrpcServer } from "./server.ts";
import { GrpcCode } from "./status.ts";
import { call, ECHO, open, plain, startServer } from "./testing/echo-rig.ts";
import { selfSignedPair } from "./tls-identity.ts";

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
    const [port = 0] = await freePorts(1);
    const connection = open({ address: `grpc://127.0.0.1:${port}` });
    const status = await call(connection).closed;
    expect(status.code).toBe(GrpcCode.UNAVAILABLE);
    expect(status.details).toContain("ECONNREFUSED");
    expect(await connection.ready()).toBe(false);
  });

  it("does not connect a second time after a loss", async () => {
    const [port = 0] = await freePorts(1);
    const rig = await startServer({ port });
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
    await eventually(() => rig.server.connections === 0, { timeoutMs: 900 });
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
    onTestFinished(() => {
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
    onTestFinished(() => void mute.destroy());
    mute.on("error", () => {});
    const connection = open({ address: `grpcs://127.0.0.1:${rig.server.port}`, tls: { skipVerify: true } });
    const { closed } = call(connection);
    await eventually(() => rig.streams.length === 1);
    const began = performance.now();
    await rig.server.stop();
    expect(performance.now() - began).toBeLessThan(10_000);
    expect((await closed).code).toBe(GrpcCode.UNAVAILABLE);
  });

  it("stops although a connection is just being destroyed", async () => {
    const made = vi.spyOn(http2, "createServer");
    onTestFinished(() => made.mockRestore());
    const rig = await startServer({ drainMs: 60_000 });
    let session: ServerHttp2Session | undefined;
    for (const { value } of made.mock.results) value.on("session", (opened: ServerHttp2Session) => (session = opened));
    const connection = plain(rig);
    call(connection);
    await eventually(() => rig.streams.length === 1);
    session?.destroy();
    await rig.server.stop();
    expect(rig.server.connections).toBe(0);
  });

  it("survives garbage on the port and broken frames in a stream", async () => {
    const rig = await startServer();
    const garbage = connectTcp(rig.server.port, "127.0.0.1");
    garbage.on("error", () => {});
    garbage.write(Buffer.from("GET / HTTP/1.1\r\n\r\n\0\0\0\0"));
    const session = connectHttp2(`http://127.0.0.1:${rig.server.port}`);
    session.on("error", () => {});
    onTestFinished(() => session.destroy());
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
