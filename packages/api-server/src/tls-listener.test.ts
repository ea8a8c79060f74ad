import { once } from "node:events";
import { request as httpsRequest } from "node:https";
import { connect } from "node:tls";
import { type KeyPair, TestCa } from "@isthmus/testkit";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { PortError } from "./server.ts";
import { type AccessRig, accessRig } from "./testing/access-rig.ts";
import type { ApiTls } from "./tls-listener.ts";

let ca: TestCa;
let other: TestCa;
let server: KeyPair;
let admin: KeyPair;
let stranger: KeyPair;
beforeAll(async () => {
  [ca, other] = await Promise.all([TestCa.create("ca"), TestCa.create("ca")]);
  [server, admin, stranger] = await Promise.all([
    ca.issue({ commonName: "cp", usage: "server", names: ["localhost", "127.0.0.1"] }),
    ca.issue({ commonName: "admin", usage: "client" }),
    other.issue({ commonName: "admin", usage: "client" }),
  ]);
});

const started: AccessRig[] = [];
afterEach(async () => {
  for (const { server: api } of started.splice(0)) await api.stop();
});

async function start(tls: Partial<ApiTls> = {}, certificateIsAdmin = false): Promise<AccessRig> {
  const cp = await accessRig({
    tls: { port: 0, ...server, ...tls },
    authentication: { localhostIsAdmin: false, clientCertificateIsAdmin: certificateIsAdmin },
  });
  await cp.server.start();
  started.push(cp);
  return cp;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

async function ask({ server: api }: AccessRig, path: string, client?: KeyPair): Promise<Answer> {
  const request = httpsRequest({
    host: "127.0.0.1",
    port: api.tlsPort,
    path,
    ca: ca.certificate,
    agent: false,
    ...(client && { cert: client.certificate, key: client.privateKey }),
  });
  request.end();
  const [response] = (await once(request, "response")) as [import("node:http").IncomingMessage];
  let text = "";
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode ?? 0, text };
}

const whoAmI = async (cp: AccessRig, client?: KeyPair): Promise<unknown> =>
  (JSON.parse((await ask(cp, "/who-am-i", client)).text) as { name: unknown }).name;

describe("over TLS", () => {
  it("the same is served as without, with links that lead back", async () => {
    const cp = await start();
    expect((await ask(cp, "/")).status).toBe(200);
    const { text } = await ask(cp, "/hostnamegenerators?size=1");
    expect(JSON.parse(text)).toMatchObject({
      next: `https://127.0.0.1:${cp.server.tlsPort}/hostnamegenerators?offset=1&size=1`,
    });
    expect((await fetch(`http://127.0.0.1:${cp.server.port}/`)).status).toBe(200);
  });

  it.each<[string, Partial<ApiTls>, boolean, () => KeyPair | undefined, string]>([
    ["nobody without a certificate", {}, true, () => undefined, "mesh-system:anonymous"],
    ["nobody where certificates are not asked for", {}, true, () => admin, "mesh-system:anonymous"],
    ["an administrator with one", { clientCa: "ca" }, true, () => admin, "mesh-system:admin"],
    ["nobody with one of somebody else", { clientCa: "ca" }, true, () => stranger, "mesh-system:anonymous"],
    ["nobody with one where tokens count", { clientCa: "ca" }, false, () => admin, "mesh-system:anonymous"],
    [
      "an administrator where one is required",
      { clientCa: "ca", requireClientCertificate: true },
      true,
      () => admin,
      "mesh-system:admin",
    ],
  ])("a client is %s", async (_, { clientCa, ...tls }, certificateIsAdmin, client, name) => {
    const cp = await start({ ...tls, ...(clientCa && { clientCa: ca.certificate }) }, certificateIsAdmin);
    expect(await whoAmI(cp, client())).toBe(name);
  });

  it("nobody gets in without a certificate where one is required", async () => {
    const cp = await start({ clientCa: ca.certificate, requireClientCertificate: true }, true);
    await expect(ask(cp, "/")).rejects.toThrow();
    await expect(ask(cp, "/", stranger)).rejects.toThrow();
  });

  it("old versions of TLS are refused", async () => {
    const cp = await start({ minVersion: "TLSv1.3" });
    const socket = connect({ host: "127.0.0.1", port: cp.server.tlsPort, ca: ca.certificate, maxVersion: "TLSv1.2" });
    const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toMatch(/PROTOCOL_VERSION/);
  });

  it("what is no HTTP gets an answer", async () => {
    const cp = await start();
    const socket = connect({ host: "127.0.0.1", port: cp.server.tlsPort, ca: ca.certificate });
    await once(socket, "secureConnect");
    socket.end("NONSENSE\r\n\r\n");
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    expect(text).toMatch(/^HTTP\/1.1 400 /);
    expect(text).toContain('"type": "/std-errors"');
  });

  it("a token that does not count is refused on unknown paths too, not on the index", async () => {
    const cp = await start();
    const bad = (path: string) => cp.ask({ method: "GET", path, token: "nonsense" });
    expect([(await bad("/nowhere")).status, (await bad("/")).status, (await bad("/meshes")).status]).toEqual([
      401, 200, 401,
    ]);
  });
});

it("a port that is taken is named with its setting", async () => {
  const first = await start();
  const second = await accessRig({ tls: { port: first.server.tlsPort, ...server } });
  const error = await second.server.start().catch((thrown: unknown) => thrown);
  await second.server.stop();
  expect(error).toBeInstanceOf(PortError);
  expect(String(error)).toContain("apiServer.https.port (KUMA_API_SERVER_HTTPS_PORT)");
});

it("idle connections do not hold up the stop", async () => {
  const cp = await start();
  const socket = connect({ host: "127.0.0.1", port: cp.server.tlsPort, ca: ca.certificate });
  await once(socket, "secureConnect");
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await once(socket, "data");
  const closed = once(socket, "close");
  await cp.server.stop();
  await closed;
});
