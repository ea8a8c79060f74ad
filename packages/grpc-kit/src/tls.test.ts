/** TLS of server and connection against each other, over real sockets. */
import type { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import { eventually, TestCa } from "@isthmus/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { readCertificate } from "./peer-certificate.ts";
import type { UnaryCall } from "./server.ts";
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

  it("chooses the cipher, and takes any that Node does", async () => {
    const rig = await startServer({ tls: await selfSignedPair({ names: ["127.0.0.1"], nowMs: Date.now() }) });
    const chosen = async (options: ConnectionOptions): Promise<string> => {
      const socket = connectTls({ port: rig.server.port, rejectUnauthorized: false, ...options });
      onTestFinished(() => void socket.destroy());
      await once(socket, "secureConnect");
      return socket.getCipher().name;
    };
    expect(await chosen({})).toBe("TLS_AES_128_GCM_SHA256");
    expect(await chosen({ ciphers: "TLS_CHACHA20_POLY1305_SHA256" })).toBe("TLS_CHACHA20_POLY1305_SHA256");
    expect(await chosen({ maxVersion: "TLSv1.2" })).toBe("ECDHE-ECDSA-AES128-GCM-SHA256");
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

describe("client certificates", () => {
  it("say who a peer is, on streams and calls; others connect as nobody", async () => {
    const [ca, other] = await Promise.all([TestCa.create("ours"), TestCa.create("theirs")]);
    const pair = await ca.issue({ commonName: "cp", usage: "server", names: ["127.0.0.1"] });
    const names = ["east.zones.example", "spiffe://zones/east"];
    const east = await ca.issue({ commonName: "east", usage: "client", names });
    const stranger = await other.issue({ commonName: "east", usage: "client" });
    const calls: UnaryCall[] = [];
    const rig = await startServer({ tls: { ...pair, clientCa: ca.certificate } });
    rig.server.unary("/test.Echo/Who", (request, unary) => {
      calls.push(unary);
      return request;
    });
    const address = `grpcs://127.0.0.1:${rig.server.port}`;
    for (const client of [east, stranger, undefined]) {
      const connection = open({ address, tls: { ca: ca.certificate, ...client } });
      call(connection);
      await connection.unary("/test.Echo/Who", Buffer.from("?"), new Metadata());
    }
    await eventually(() => rig.streams.length === 3);
    const expected = { commonName: "east", names };
    expect(rig.streams[0]?.peerCertificate).toMatchObject(expected);
    expect(rig.streams[0]?.peerCertificate?.expiresAt).toBeGreaterThan(Date.now());
    expect(rig.streams.slice(1).map((stream) => stream.peerCertificate)).toEqual([undefined, undefined]);
    expect(calls.map(({ peerCertificate }) => peerCertificate?.commonName)).toEqual(["east", undefined, undefined]);
    expect(calls.map(({ connectionId }) => connectionId)).toEqual(rig.streams.map(({ connectionId }) => connectionId));
  });

  it("names with commas and quotes are read whole", () => {
    const certificate = {
      subject: "O=Kuma\nCN=east",
      subjectAltName: 'DNS:a.example, URI:"spiffe://x/y,z", IP Address:127.0.0.1',
      validTo: "Jan  1 00:00:00 2030 GMT",
    } as X509Certificate;
    expect(readCertificate(certificate)).toEqual({
      commonName: "east",
      names: ["a.example", "spiffe://x/y,z"],
      expiresAt: Date.UTC(2030, 0, 1),
    });
  });
});
