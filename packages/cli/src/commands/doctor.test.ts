import { X509Certificate } from "node:crypto";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { generatedTlsIdentity } from "@isthmus/grpc-kit";
import { FakeClock, freePorts, type TempFolder, tempFolder } from "@isthmus/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { CheckResult } from "../doctor/checks.ts";
import { doctorRig, NOW } from "../testing/doctor-rig.ts";
import { type RecordedServer, recordedServer } from "../testing/recorded-server.ts";
import { type TestServer, testServer } from "../testing/test-server.ts";
import { run } from "../testing/test-terminal.ts";

let folder: TempFolder;
const kuma: RecordedServer = await recordedServer();
const { check, answer, refuse, list, config } = doctorRig(kuma);
beforeAll(async () => {
  folder = await tempFolder();
});
beforeEach(() => kuma.answers.clear());
afterAll(async () => {
  await kuma.stop();
  await folder.remove();
});

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

describe("ports and certificates", () => {
  it("that are closed are named", async () => {
    const [free = 0] = await freePorts(1);
    const open = createTcpServer();
    const port = await listening(open);
    config((each) => {
      each["multizone"] = { global: { kds: { grpcPort: free } } };
      each["apiServer"] = { https: { enabled: true, port } };
    });
    const result = await check("ports");
    open.close();
    expect(result).toMatchObject({ status: "warn", evidence: [`127.0.0.1:${free} (KDS): nothing listens`] });
  });

  it.each([
    [60, "ok", /is good until/],
    [20, "warn", /^the certificate of KDS expires in \d+d/],
    [2, "fail", /^the certificate of KDS expires in [12]d/],
    [-2, "fail", /^the certificate of KDS expired 2d ago/],
  ])("%i days before their end are %s", async (days, status, evidence) => {
    const own = await generatedTlsIdentity({ folder: folder.path, nowMs: NOW, subjectNames: ["127.0.0.1"] });
    const until = Date.parse(new X509Certificate(own.certificate).validTo);
    const tls = createTlsServer({ cert: own.certificate, key: own.privateKey });
    const port = await listening(tls);
    config((each) => void (each["multizone"] = { global: { kds: { grpcPort: port, tlsEnabled: true } } }));
    const result = await check("kds-certificate", [], { clock: new FakeClock(until - days * 86_400_000) });
    tls.close();
    expect(result.status).toBe(status);
    expect(result.evidence.join("\n")).toMatch(evidence);
  });

  it("of authorities that are about to end are found, and those that may not be read are counted", async () => {
    const own = await generatedTlsIdentity({ folder: join(folder.path, "ca"), nowMs: NOW });
    const until = Date.parse(new X509Certificate(own.certificate).validTo);
    const backends = [
      { name: "ca-1", type: "builtin" },
      { name: "ca-2", type: "provided", conf: { cert: { secret: "mine" } } },
    ];
    list("/meshes", { type: "Mesh", name: "m", mtls: { enabledBackend: "ca-1", backends } });
    refuse("/meshes/m/secrets/mine");
    const data = Buffer.from(own.certificate).toString("base64");
    answer("/meshes/m/secrets/m.ca-builtin-cert-ca-1", { type: "Secret", mesh: "m", name: "x", data });
    const soon = await check("authorities", [], { clock: new FakeClock(until - 10 * 86_400_000) });
    expect(soon).toMatchObject({ status: "warn" });
    expect(soon.evidence[0]).toMatch(/^authority ca-1 of mesh m expires in /);
    expect(await check("authorities")).toMatchObject({
      status: "ok",
      evidence: ["1 certificates of authorities are good for more than 30 days; 1 may not be read"],
    });
  });
});

describe("isthmus doctor", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await testServer();
  });
  afterAll(() => server.stop());

  it("finds nothing broken with a global that has just started", async () => {
    const { code, stdout } = await run(["doctor", "-s", server.url, "-o", "json"]);
    const { checks, worst } = JSON.parse(stdout) as { checks: readonly CheckResult[]; worst: string };
    expect({ code, worst }).toEqual({ code: 0, worst: "warn" });
    const of = (status: string): readonly string[] =>
      checks.filter((each) => each.status === status).map((each) => each.check);
    expect(checks.length).toBeGreaterThanOrEqual(12);
    expect(of("fail")).toEqual([]);
    // It is one of a test: its store is memory.
    expect(of("warn")).toEqual(["store"]);
    expect(of("ok")).toEqual(
      expect.arrayContaining([
        "api",
        "ports",
        "ready",
        "metrics",
        "kds-certificate",
        "clock",
        "identity",
        "exposure",
        "holds",
      ]),
    );
  });

  it("is read by people, and by scripts through its exit code", async () => {
    const { code, stdout } = await run(["doctor", "-s", server.url, "--quiet"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^WARN {2}store +the store is memory: .*\n +> set store\.type to lmdb.*\n\n\d+ ok, 1 warnings, 0 failed, \d+ not checked\n$/,
    );
    expect((await run(["doctor", "-s", server.url, "--strict"])).code).toBe(6);
  });

  it("says first that nobody answers, and asks no further", async () => {
    const { code, stdout } = await run(["doctor", "-s", "http://127.0.0.1:1"]);
    expect(code).toBe(6);
    expect(stdout.split("\n")[0]).toMatch(/^FAIL {2}api +cannot reach http:\/\/127\.0\.0\.1:1: nothing listens there$/);
    expect(stdout).toMatch(/\n0 ok, 0 warnings, 1 failed, \d+ not checked\n$/);
  });

  it.each([
    [["--check", "nothing"], "Allowed choices are api, version"],
    [["--diagnostics", "here"], "--diagnostics: the server"],
  ])("%j is refused", async (args, message) => {
    const { code, stderr } = await run(["doctor", "-s", server.url, ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
