import { X509Certificate } from "node:crypto";
import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { generatedTlsIdentity } from "@isthmus/grpc-kit";
import { type TempFolder, tempFolder } from "@isthmus/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type RecordedServer, recordedServer } from "../testing/recorded-server.ts";
import { type Ended, run as runCommand } from "../testing/test-terminal.ts";

let server: RecordedServer;
beforeAll(async () => {
  server = await recordedServer();
});
afterAll(() => server.stop());

let folder: TempFolder;
let file: string;
beforeEach(async () => {
  folder = await tempFolder();
  file = join(folder.path, "deep", "profiles.yaml");
});
afterEach(() => folder.remove());

const run = (args: readonly string[], input = "", env: Record<string, string> = {}): Promise<Ended> =>
  runCommand(args, { input, env: { ISTHMUS_PROFILES: file, ...env } });
const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);

describe("isthmus profile", () => {
  it("is added, listed, used and removed", async () => {
    expect(await run(["profile", "list"])).toMatchObject({
      code: 0,
      stdout: "ACTIVE   NAME   ADDRESS   AUTH   MESH\n",
    });
    const added = await run(["profile", "add", "lab", "-s", `${server.url}/`, "--token-file", "-"], "the-token\n");
    expect(added).toEqual({
      code: 0,
      stdout: `profile lab added and in use: Kuma 2.14.3 at ${server.url}, as mesh-system:admin\n`,
      stderr: "",
    });
    await run(["profile", "add", "other", "-s", "http://127.0.0.1:1", "--skip-check", "-m", "shop"]);
    expect((await run(["profile", "list"])).stdout.split("\n").slice(1, 3)).toEqual([
      `         lab     ${server.url}   token   default`,
      `*        other   http://127.0.0.1:1       -       shop`,
    ]);
    expect((await run(["get", "zones"])).stderr).toBe("cannot reach http://127.0.0.1:1: nothing listens there\n");
    expect(await run(["get", "zones", "--profile", "lab"])).toMatchObject({ code: 0 });
    expect(server.asked.at(-1)?.headers.authorization).toBe("Bearer the-token");

    expect((await run(["profile", "use", "lab"])).stdout).toBe(`profile lab is in use: ${server.url}\n`);
    expect(await run(["get", "zones"])).toMatchObject({ code: 0 });
    expect((await run(["profile", "remove", "lab"])).stdout).toBe("profile lab removed; none is in use now\n");
    expect((await run(["profile", "use", "lab"])).stderr).toBe('no profile "lab"; there is other\n');
  });

  it("is for the eyes of its owner only", async () => {
    await run(["profile", "add", "lab", "-s", server.url, "--token-file", "-"], "the-token");
    expect(await modeOf(file)).toBe("600");
    expect(await modeOf(join(folder.path, "deep"))).toBe("700");

    await chmod(file, 0o644);
    expect((await run(["get", "zones"])).stderr).toMatch(/warning: others may read .*chmod 600/);
    await run(["profile", "use", "lab"]);
    expect(await modeOf(file)).toBe("600");
    expect((await run(["get", "zones"])).stderr).toBe("");
  });

  it("never shows tokens and headers", async () => {
    const args = ["profile", "add", "lab", "-s", server.url, "--token-file", "-", "--header", "x-key=hidden"];
    const shown = [await run(args, "the-token")];
    expect(await readFile(file, "utf8")).toContain("the-token");
    for (const command of [
      ["list"],
      ["list", "-o", "yaml"],
      ["list", "-o", "json"],
      ["show"],
      ["show", "lab", "-o", "json"],
    ]) {
      shown.push(await run(["profile", ...command]));
    }
    for (const { code, stdout, stderr } of shown) {
      expect(code).toBe(0);
      expect(stdout + stderr).not.toMatch(/the-token|hidden/);
    }
    await run(["get", "zones"]);
    expect(server.asked.at(-1)?.headers["x-key"]).toBe("hidden");
  });

  it("reads the file of a token for every command", async () => {
    const tokenFile = join(folder.path, "token");
    await writeFile(tokenFile, "first\n");
    await run(["profile", "add", "lab", "-s", server.url, "--token-file", tokenFile]);
    await writeFile(tokenFile, "second\n");
    await run(["get", "zones"]);
    expect(server.asked.at(-1)?.headers.authorization).toBe("Bearer second");
  });

  it.each([
    [["add", "a b", "-s", "http://x:1"], "the name of a profile"],
    [["add", "a"], "not specified"],
    [["add", "a", "-s", "x"], "is no address"],
    [["add", "a", "-s", "http://x:1", "--token-file", "/nowhere/token"], "ENOENT"],
    [["add", "a", "-s", "http://x:1", "--token-file", "-"], "standard input has no token"],
    [["use", "a"], 'no profile "a"; there are none'],
    [["show"], "no profile is in use"],
  ])("%j is refused", async (args, message) => {
    const ended = await run(["profile", ...args]);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain(message);
  });

  it("is not added twice, nor where nobody answers", async () => {
    await run(["profile", "add", "lab", "-s", server.url]);
    expect((await run(["profile", "add", "lab", "-s", server.url])).stderr).toContain("--overwrite replaces it");
    expect(await run(["profile", "add", "lab", "-s", server.url, "--overwrite"])).toMatchObject({ code: 0 });
    expect(await run(["profile", "add", "gone", "-s", "http://127.0.0.1:1"])).toMatchObject({ code: 1 });
    expect((await run(["profile", "list"])).stdout).not.toContain("gone");
  });

  it("says what is wrong with the file", async () => {
    await run(["profile", "add", "lab", "-s", server.url]);
    await writeFile(file, "profiles: 3\n");
    expect(await run(["get", "zones"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`${file}: profiles: `) as unknown,
    });
  });
});

describe("HTTPS", () => {
  let tls: Server;
  let url: string;
  let certificate: string;
  let mustShow: { certificate: string; key: string };
  let fingerprint: string;
  const seen: (string | undefined)[] = [];
  beforeAll(async () => {
    const certificates = await tempFolder();
    const nowMs = Date.now();
    const own = await generatedTlsIdentity({
      folder: join(certificates.path, "server"),
      nowMs,
      subjectNames: ["127.0.0.1"],
    });
    const client = await generatedTlsIdentity({
      folder: join(certificates.path, "client"),
      nowMs,
      subjectNames: ["operator"],
    });
    certificate = own.certificatePath;
    fingerprint = new X509Certificate(client.certificate).fingerprint256;
    mustShow = { certificate: client.certificatePath, key: client.keyPath };
    tls = createTlsServer(
      {
        cert: own.certificate,
        key: own.privateKey,
        requestCert: true,
        rejectUnauthorized: false,
        ca: client.certificate,
      },
      (request, response) => {
        const socket = request.socket as TLSSocket;
        seen.push(socket.getPeerCertificate().fingerprint256);
        const body = { total: 0, items: [], next: null };
        const types = {
          resources: [
            {
              name: "Zone",
              path: "zones",
              scope: "Global",
              shortName: "z",
              readOnly: false,
              includeInFederation: false,
              singularDisplayName: "Zone",
              pluralDisplayName: "Zones",
            },
          ],
        };
        response
          .writeHead(200, { "content-type": "application/json" })
          .end(JSON.stringify(request.url === "/_resources" ? types : body));
      },
    );
    await new Promise<void>((resolve) => tls.listen(0, "127.0.0.1", resolve));
    url = `https://127.0.0.1:${(tls.address() as AddressInfo).port}`;
    return () => certificates.remove();
  });
  afterAll(() => void tls.close());

  it("does not believe a certificate that nobody vouches for", async () => {
    expect(await run(["get", "zones", "-s", url])).toMatchObject({
      code: 1,
      stderr: `cannot reach ${url}: its certificate is signed by itself; --ca-file names a file with certificates to trust\n`,
    });
    expect(await run(["get", "zones", "-s", url, "--ca-file", certificate])).toMatchObject({ code: 0 });
    expect(await run(["get", "zones", "-s", url], "", { ISTHMUS_CA_FILE: certificate })).toMatchObject({ code: 0 });
    expect(await run(["get", "zones", "-s", url, "--skip-verify"])).toMatchObject({ code: 0 });
    expect(
      await run(["get", "zones", "-s", url.replace("127.0.0.1", "localhost"), "--ca-file", certificate]),
    ).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("its certificate is for other names") as unknown,
    });
  });

  it("shows a client certificate, also from a profile", async () => {
    const args = [
      "--ca-file",
      certificate,
      "--client-cert-file",
      mustShow.certificate,
      "--client-key-file",
      mustShow.key,
    ];
    seen.length = 0;
    expect(await run(["get", "zones", "-s", url, ...args])).toMatchObject({ code: 0 });
    expect(new Set(seen)).toEqual(new Set([fingerprint]));
    expect(await run(["profile", "add", "tls", "-s", url, "--skip-check", ...args])).toMatchObject({ code: 0 });
    seen.length = 0;
    expect(await run(["get", "zones"])).toMatchObject({ code: 0 });
    expect(new Set(seen)).toEqual(new Set([fingerprint]));
    expect((await run(["profile", "list"])).stdout).toContain("client certificate");
  });

  it("says that a file is missing", async () => {
    expect(await run(["get", "zones", "-s", url, "--ca-file", "/nowhere/ca.crt"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("cannot read the certificate authorities") as unknown,
    });
  });
});

describe("a plain connection", () => {
  it("is warned about when it carries a token to another machine", async () => {
    const ended = await run(["get", "zones", "-s", "http://192.0.2.1:5681", "--request-timeout", "50ms"], "", {
      ISTHMUS_TOKEN: "t",
    });
    expect(ended.stderr).toContain("warning: the token travels to http://192.0.2.1:5681 readable by everybody");
  });

  it("ends when a server does not answer in time", async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const address = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const ended = await run(["get", "zones", "-s", address, "--request-timeout", "50ms"]);
    expect(ended).toMatchObject({ code: 1, stderr: `cannot reach ${address}: no answer in time\n` });
    silent.closeAllConnections();
    silent.close();
  });
});
