import { createPrivateKey, verify } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TempFolder, tempFolder } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RecordedServer, recordedServer } from "../testing/recorded-server.ts";
import { type Ended, run as runCommand } from "../testing/test-terminal.ts";

let server: RecordedServer;
let folder: TempFolder;
let keyFile: string;
beforeAll(async () => {
  server = await recordedServer();
  folder = await tempFolder();
  keyFile = join(folder.path, "key.pem");
  await writeFile(keyFile, (await runCommand(["generate", "signing-key", "--format=pem"])).stdout);
});
afterAll(async () => {
  await server.stop();
  await folder.remove();
});

const run = (...args: readonly string[]): Promise<Ended> => runCommand([...args, "-s", server.url]);

describe("isthmus generate token", () => {
  it.each<[readonly string[], string, unknown]>([
    [
      [
        "token",
        "dataplane",
        "--name",
        "web",
        "-m",
        "shop",
        "--tag",
        "kuma.io/service=web,web2",
        "--tag",
        "v=1",
        "--workload",
        "w",
        "--valid-for",
        "24h",
      ],
      "POST /tokens/dataplane",
      {
        name: "web",
        mesh: "shop",
        tags: { "kuma.io/service": ["web", "web2"], v: ["1"] },
        workload: "w",
        validFor: "24h0m0s",
      },
    ],
    [["dataplane-token", "--proxy-type", "ingress"], "POST /tokens/dataplane", { mesh: "default", type: "ingress" }],
    [["token", "zone", "--zone", "east"], "POST /tokens/zone", { zone: "east", scope: ["ingress", "egress"] }],
    [
      ["zone-token", "--zone", "east", "--scope", "egress", "--valid-for", "30d"],
      "POST /tokens/zone",
      { zone: "east", scope: ["egress"], validFor: "720h0m0s" },
    ],
    [
      ["token", "user", "--name", "me", "--group", "a,b", "c", "--valid-for", "1h30m"],
      "POST /tokens/user",
      { name: "me", groups: ["a", "b", "c"], validFor: "1h30m0s" },
    ],
  ])("%j asks as kumactl does", async (args, request, body) => {
    const ended = await run("generate", ...args);
    expect(ended).toEqual({ code: 0, stdout: "<jwt>", stderr: "" });
    const asked = server.asked.at(-1);
    expect([asked?.request, JSON.parse(asked?.body ?? "")]).toEqual([request, body]);
  });

  it.each<[readonly string[], object, number]>([
    [["token", "user", "--name", "me", "--valid-for", "1h"], { Name: "me", Groups: null }, 3600],
    [
      ["user-token", "--name", "me", "--group", "a,b", "--valid-for", "2d"],
      { Name: "me", Groups: ["a", "b"] },
      172_800,
    ],
    [["zone-token", "--zone", "east"], { Zone: "east", Scope: ["ingress", "egress"] }, 315_360_000],
    [
      ["token", "dataplane", "--name", "web", "-m", "shop", "--tag", "v=2,1", "--valid-for", "24h"],
      { Name: "web", Mesh: "shop", Tags: { v: ["1", "2"] }, Type: "", Workload: "" },
      86_400,
    ],
    [["dataplane-token"], { Name: "", Mesh: "default", Tags: {}, Type: "", Workload: "" }, 315_360_000],
  ])("%j signs with a key of a file, and asks nobody", async (args, claims, validForSeconds) => {
    const before = server.asked.length;
    const { code, stdout, stderr } = await run("generate", ...args, "--signing-key-path", keyFile, "--kid", "7");
    expect([code, stderr, server.asked.length]).toEqual([0, "", before]);
    const [header = "", payload = "", signature = ""] = stdout.split(".");
    const decoded = (part: string): Record<string, unknown> => JSON.parse(Buffer.from(part, "base64url").toString());
    expect(decoded(header)).toEqual({ alg: "RS256", kid: "7", typ: "JWT" });
    const { exp, nbf, iat: _, jti, ...rest } = decoded(payload);
    expect(rest).toEqual(claims);
    expect(jti).toMatch(/^[0-9a-f-]{36}$/);
    expect(Number(exp) - Number(nbf)).toBe(validForSeconds + 5);
    const halves = await runCommand(["generate", "public-key", "--signing-key-path", keyFile]);
    expect(halves.stdout).toMatch(/^-----BEGIN RSA PUBLIC KEY-----/);
    const signed = Buffer.from(`${header}.${payload}`);
    expect(verify("sha256", signed, halves.stdout, Buffer.from(signature, "base64url"))).toBe(true);
  });

  it("makes such keys", async () => {
    const [pem, base64] = [
      await runCommand(["generate", "signing-key", "--format", "pem"]),
      await runCommand(["generate", "signing-key"]),
    ];
    expect(createPrivateKey(pem.stdout).asymmetricKeyDetails?.modulusLength).toBe(2048);
    expect(Buffer.from(base64.stdout, "base64").toString()).toMatch(/^-----BEGIN RSA PRIVATE KEY-----\n/);
  });

  it.each([
    [["--signing-key-path", "key.pem"], "--signing-key-path and --kid go together"],
    [["--kid", "1"], "--signing-key-path and --kid go together"],
    [["--kid", "1", "--signing-key-path", "/nonexistent/key.pem"], "--signing-key-path: ENOENT"],
    [["--kid", "1", "--signing-key-path", import.meta.filename], "is no RSA private key in PEM"],
  ])("%j is refused", async (args, message) => {
    const ended = await run("generate", "zone-token", "--zone", "east", ...args);
    expect(ended).toMatchObject({ code: 2, stdout: "" });
    expect(ended.stderr).toContain(message);
  });

  it.each([
    [["user", "--name", "me"], "--valid-for <duration>' not specified"],
    [["user", "--name", "me", "--valid-for", "soon"], "--valid-for: "],
    [["user", "--name", "me", "--valid-for", "0s"], "--valid-for: has to be longer than nothing"],
    [["zone"], "--zone <zone>' not specified"],
    [["dataplane", "--tag", "web"], "--tag web: has to be key=value"],
    [["dataplane", "--proxy-type", "tractor"], "Allowed choices are dataplane, ingress, egress"],
  ])("%j is refused before anything is asked", async (args, message) => {
    const before = server.asked.length;
    const ended = await run("generate", "token", ...args);
    expect(ended).toMatchObject({ code: 2, stdout: "" });
    expect(ended.stderr).toContain(message);
    expect(server.asked).toHaveLength(before);
  });

  it("says why the server refuses", async () => {
    const path = "POST /tokens/zone";
    const body = {
      type: "",
      status: 403,
      title: "Access Denied",
      detail: 'user "mesh-system:anonymous" cannot generate zone token',
    };
    server.answers.set(path, { status: 403, json: body });
    expect(await run("generate", "token", "zone", "--zone", "east")).toMatchObject({
      code: 1,
      stderr: 'Access Denied (user "mesh-system:anonymous" cannot generate zone token)\n',
    });
    server.answers.clear();
  });
});
