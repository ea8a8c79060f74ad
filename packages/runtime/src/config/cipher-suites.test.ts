import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:tls";
import { type KeyPair, TestCa } from "@isthmus/testkit";
import { beforeAll, expect, it, onTestFinished } from "vitest";
import { CIPHER_SUITES, isOfTls12, opensslCiphers } from "./cipher-suites.ts";

let ec: KeyPair;
let rsa: KeyPair;
beforeAll(async () => {
  const ca = await TestCa.create();
  [ec, rsa] = await Promise.all([
    ca.issue({ commonName: "cp", usage: "server" }),
    ca.issue({ commonName: "cp", usage: "server", key: "rsa" }),
  ]);
});

it.each(CIPHER_SUITES.filter(isOfTls12))("OpenSSL serves %s", async (name) => {
  const { certificate: cert, privateKey: key } = name.includes("ECDSA") ? ec : rsa;
  const server = createServer({ cert, key, ciphers: opensslCiphers([name]) });
  server.listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const ciphers = opensslCiphers(CIPHER_SUITES);
  const socket = connect({ host: "127.0.0.1", port, ciphers, maxVersion: "TLSv1.2", rejectUnauthorized: false });
  onTestFinished(() => void socket.destroy());
  await once(socket, "secureConnect");
  expect(socket.getCipher().standardName).toBe(name);
});

it("takes suites in an order of its own, whatever that of the list, with all of TLS 1.3 before them", () => {
  const listed = ["TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"];
  expect(opensslCiphers(listed)).toBe(
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:ECDHE-RSA-AES128-GCM-SHA256:AES128-SHA",
  );
  expect(opensslCiphers([])).toBeUndefined();
});
