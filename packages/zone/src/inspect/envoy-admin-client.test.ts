/** Towards a server that is as strict as the admin listener of an Envoy. */
import { createServer as createPlainServer, type RequestListener } from "node:http";
import { createServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from "node:net";
import type { TLSSocket } from "node:tls";
import { type CaKeyPair, CertificateAuthority } from "@isthmus/identity";
import { nodeKeyMaker } from "@isthmus/manager";
import { systemClock } from "@isthmus/std";
import { eventually, FakeClock } from "@isthmus/testkit";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { envoyAdminClient } from "./envoy-admin-client.ts";

const HOUR_MS = 3_600_000;
let ca: CaKeyPair;
let other: CaKeyPair;
beforeAll(async () => {
  const make = (): Promise<CaKeyPair> =>
    nodeKeyMaker(systemClock).ca({ commonName: "Envoy Admin CA", validityMs: HOUR_MS, key: { kind: "ec" } });
  [ca, other] = await Promise.all([make(), make()]);
});

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function listening(server: TcpServer): Promise<number> {
  server.on("connection", (socket) => ends.push(() => socket.destroy()));
  ends.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** An Envoy at that address; it lets in who has a certificate of the CA. */
async function envoy(answer: RequestListener, host = "127.0.0.1"): Promise<number> {
  const authority = CertificateAuthority.open(ca);
  if (!authority.ok) throw new Error(authority.error);
  const own = await authority.value.issue({
    hosts: [host],
    purpose: "server",
    nowMs: Date.now(),
    validForMs: HOUR_MS,
  });
  const tls = { cert: own.chain, key: own.key, ca: ca.cert, requestCert: true, rejectUnauthorized: true };
  return listening(createServer(tls, answer));
}

const ask = envoyAdminClient(systemClock);

describe("the admin API of an Envoy", () => {
  it("is asked as the control plane, whose certificate can do nothing else", async () => {
    const seen: unknown[] = [];
    const port = await envoy((request, response) => {
      const certificate = (request.socket as TLSSocket).getPeerX509Certificate();
      seen.push(request.url, certificate?.subjectAltName, certificate?.keyUsage);
      response.end("stats");
    });
    expect(await ask({ host: "127.0.0.1", port, path: "/stats?usedonly", ca })).toEqual({ ok: true, value: "stats" });
    expect(seen).toEqual(["/stats?usedonly", "DNS:kuma-cp", ["1.3.6.1.5.5.7.3.2"]]);
  });

  it("is asked in plaintext only without a CA", async () => {
    const port = await listening(createPlainServer((_request, response) => void response.end("plain")));
    expect(await ask({ host: "127.0.0.1", port, path: "/stats", ca: undefined })).toEqual({ ok: true, value: "plain" });
    expect((await ask({ host: "127.0.0.1", port, path: "/stats", ca })).ok).toBe(false);
  });

  it.each<[string, () => Promise<{ port: number; ca?: CaKeyPair }>, RegExp]>([
    ["nobody listens", async () => ({ port: 1 }), /ECONNREFUSED/],
    ["it has a certificate of another CA", async () => ({ port: await envoy(() => {}), ca: other }), /certificate/],
    ["its certificate is for another address", async () => ({ port: await envoy(() => {}, "10.0.0.9") }), /altnames/],
    [
      "it answers with another status",
      async () => ({ port: await envoy((_request, response) => void response.writeHead(404).end("no")) }),
      /status 404/,
    ],
    [
      "it breaks off",
      async () => ({
        port: await envoy((_request, response) => {
          response.writeHead(200, { "content-length": "100" });
          response.write("half", () => response.destroy());
        }),
      }),
      /aborted|hang up|terminated/,
    ],
    [
      "the CA is none",
      async () => ({ port: 1, ca: { cert: "nothing", key: "nothing" } }),
      /CA certificate cannot be read/,
    ],
  ])("tells why there is no answer: %s", async (_, given, reason) => {
    const { port, ca: trusted = ca } = await given();
    const answer = await ask({ host: "127.0.0.1", port, path: "/stats", ca: trusted });
    expect(answer).toEqual({ ok: false, error: expect.stringMatching(reason) });
  });

  it.each([
    ["does not finish the handshake", 3_000, "no connection in time", false],
    ["does not answer", 5_000, "no answer in time", true],
  ] as const)("is given up when it %s", async (_, afterMs, error, isOpen) => {
    const clock = new FakeClock(Date.now());
    let isAsked = false;
    const silent = createTcpServer(() => void (isAsked = true));
    const port = isOpen ? await envoy(() => void (isAsked = true)) : await listening(silent);
    const answer = envoyAdminClient(clock)({ host: "127.0.0.1", port, path: "/stats", ca });
    await eventually(() => isAsked);
    clock.advance(afterMs - 1);
    clock.advance(1);
    expect(await answer).toEqual({ ok: false, error });
    expect(clock.pendingTimers).toBe(0);
  });
});
