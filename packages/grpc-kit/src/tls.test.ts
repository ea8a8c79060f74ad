/** TLS of server and connection against each other, over real sockets. */
import { connect as connectTcp } from "node:net";
import { eventually } from "@isthmus/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { GrpcCode, Metadata } from "./status.ts";
import { ASK, call, open, plain, startServer } from "./testing/echo-rig.ts";
import { selfSignedPair } from "./tls-identity.ts";

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

  it("drops those that never finish their handshake, and nobody else", async () => {
    const pair = await selfSignedPair({ names: ["127.0.0.1"], nowMs: Date.now() });
    const rig = await startServer({ tls: { ...pair, handshakeTimeoutMs: 200 } });
    const good = open({ address: `grpcs://127.0.0.1:${rig.server.port}`, tls: { ca: pair.certificate } });
    const { stream, received } = call(good);
    await eventually(() => rig.streams.length === 1);
    const ended: string[] = [];
    for (const [name, begin] of [
      ["says nothing", Buffer.alloc(0)],
      ["stops in its hello", Buffer.from("16030100c8010000c40303", "hex")],
    ] as const) {
      const socket = connectTcp(rig.server.port, "127.0.0.1");
      onTestFinished(() => void socket.destroy());
      socket.on("error", () => {});
      socket.on("close", () => ended.push(name));
      socket.resume().write(begin);
    }
    await eventually(() => ended.length === 2);
    stream.writer.write(Buffer.from("still here"));
    await eventually(() => received.length === 1);
  });
});
