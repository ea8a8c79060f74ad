/** TLS of server and connection against each other, over real sockets. */
import { describe, expect, it } from "vitest";
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
});
