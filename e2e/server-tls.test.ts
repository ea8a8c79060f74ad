/** Versions and cipher suites as the settings of the three TLS servers say, with real handshakes. */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { type ConnectionOptions, connect } from "node:tls";
import { createGlobal } from "@isthmus/global";
import { createLogger } from "@isthmus/runtime";
import { freePorts, tempFolder } from "@isthmus/testkit";
import { createZone } from "@isthmus/zone";
import { describe, expect, it, onTestFinished } from "vitest";
import { configOf, type Settings } from "./contract/configuration.ts";

const SERVERS = ["apiServer.https", "dpServer", "multizone.global.kds"] as const;
type Server = (typeof SERVERS)[number];

const OLD: ConnectionOptions = { maxVersion: "TLSv1.2" };
const NEW: ConnectionOptions = { minVersion: "TLSv1.3" };
const REFUSED = /PROTOCOL_VERSION|HANDSHAKE_FAILURE/;

/** Starts the program that has the server; the server's port. */
async function start(server: Server, settings: Settings): Promise<number> {
  const log = createLogger({ level: "off", name: "tls" });
  const folder = await tempFolder("isthmus-tls-");
  onTestFinished(() => folder.remove());
  const [rest = 0, port = 0, kds = 0] = await freePorts(3);
  const config = configOf(folder.path, {
    "apiServer.http.port": rest,
    "multizone.global.kds.interface": "127.0.0.1",
    "multizone.global.kds.grpcPort": kds,
    ...(server === "apiServer.https" && { [`${server}.enabled`]: true, [`${server}.interface`]: "127.0.0.1" }),
    [`${server}.${server === "multizone.global.kds" ? "grpcPort" : "port"}`]: port,
    ...settings,
  });
  const { service } = await (server === "dpServer" ? createZone : createGlobal)(config, log);
  await service.start();
  onTestFinished(() => service.stop());
  return port;
}

/** Version and cipher suite, or why there are none. */
async function handshake(port: number, options: ConnectionOptions = {}): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...options });
  onTestFinished(() => void socket.destroy());
  try {
    await once(socket, "secureConnect");
    return `${socket.getProtocol()} ${socket.getCipher().standardName}`;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "";
  }
}

describe.each(SERVERS)("%s", (server) => {
  it("by default takes TLS 1.2 and 1.3, and chooses", async () => {
    const port = await start(server, {});
    const first = server === "apiServer.https" ? "TLS_AES_256_GCM_SHA384" : "TLS_AES_128_GCM_SHA256";
    expect(await handshake(port)).toBe(`TLSv1.3 ${first}`);
    expect(await handshake(port, OLD)).toBe("TLSv1.2 TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
  });

  it.each([server, "general"])("refuses TLS 1.2 where %s.tlsMinVersion is TLSv1_3", async (section) => {
    const port = await start(server, { [`${section}.tlsMinVersion`]: "TLSv1_3" });
    expect(await handshake(port, OLD)).toMatch(REFUSED);
    expect(await handshake(port)).toMatch(/^TLSv1.3 /);
  });

  it.each([server, "general"])("refuses TLS 1.3 where %s.tlsMaxVersion is TLSv1_2", async (section) => {
    const port = await start(server, { [`${section}.tlsMaxVersion`]: "TLSv1_2" });
    expect(await handshake(port, NEW)).toMatch(REFUSED);
    expect(await handshake(port)).toBe("TLSv1.2 TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
  });

  it.each([server, "general"])("takes the suites in %s.tlsCipherSuites alone, and all of TLS 1.3", async (section) => {
    const suites = "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";
    const port = await start(server, { [`${section}.tlsCipherSuites`]: suites });
    expect(await handshake(port, OLD)).toBe("TLSv1.2 TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384");
    expect(await handshake(port, { ...OLD, ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" })).toMatch(REFUSED);
    expect(await handshake(port)).toBe("TLSv1.3 TLS_AES_128_GCM_SHA256");
    for (const ciphers of ["TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"]) {
      expect(await handshake(port, { ciphers })).toBe(`TLSv1.3 ${ciphers}`);
    }
  });

  it("refuses TLS 1.2 where only suites of TLS 1.3 are listed", async () => {
    const port = await start(server, { [`${server}.tlsCipherSuites`]: "TLS_AES_256_GCM_SHA384" });
    expect(await handshake(port, OLD)).toMatch(REFUSED);
    expect(await handshake(port)).toBe("TLSv1.3 TLS_AES_128_GCM_SHA256");
  });
});

it("suites that do not fit the key of the certificate, with nothing newer than TLS 1.2, are told at start", async () => {
  const settings = { "general.tlsCipherSuites": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" };
  await expect(start("dpServer", { ...settings, "dpServer.tlsMaxVersion": "TLSv1_2" })).rejects.toThrow(
    "general.tlsCipherSuites has no suite for the certificate of dpServer, whose key is EC",
  );
  const port = await start("dpServer", settings);
  expect(await handshake(port, OLD)).toMatch(REFUSED);
  expect(await handshake(port)).toMatch(/^TLSv1.3 /);
});

it("a minimum of general does not lower that of a server", async () => {
  const port = await start("dpServer", { "general.tlsMinVersion": "TLSv1_2", "dpServer.tlsMinVersion": "TLSv1_3" });
  expect(await handshake(port, OLD)).toMatch(REFUSED);
});

/** The part of a bootstrap about the TLS by which a proxy reaches its control plane. */
async function tlsOfBootstrap(port: number): Promise<string | undefined> {
  const inbound = [{ port: 80, tags: { "kuma.io/service": "web" } }];
  const resource = { type: "Dataplane", mesh: "default", name: "web-1", networking: { address: "127.0.0.1", inbound } };
  const target = { host: "127.0.0.1", port, path: "/bootstrap", rejectUnauthorized: false, agent: false };
  const asked = request({ ...target, method: "POST" });
  asked.end(JSON.stringify({ mesh: "default", name: "web-1", dataplaneResource: JSON.stringify(resource) }));
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of response) text += String(chunk);
  return /tlsParams:((?:\s+tlsM\w+: \w+)+)/.exec(text)?.[1]?.trim().replaceAll(/\s+/g, " ");
}

const MINIMUM = "tlsMinimumProtocolVersion: TLSv1_2";
const MAXIMUM = "tlsMaximumProtocolVersion: TLSv1_3";
it.each<[string, Settings, string]>([
  ["by default", {}, MINIMUM],
  ["where 1.2 is refused", { "dpServer.tlsMinVersion": "TLSv1_3" }, `${MAXIMUM} ${MINIMUM}`],
  ["where suites are", { "dpServer.tlsCipherSuites": "TLS_AES_128_GCM_SHA256" }, `${MAXIMUM} ${MINIMUM}`],
])("Envoys, which speak TLS 1.3 only when asked: %s", async (_, settings, expected) => {
  const port = await start("dpServer", { "dpServer.authn.dpProxy.type": "none", ...settings });
  expect(await tlsOfBootstrap(port)).toBe(expected);
});
