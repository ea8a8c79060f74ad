/** Commands against a global of ours, over HTTPS and with a token that it issued. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { eventually } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommand as runProgram } from "../program.ts";
import { type TestServer, testServer } from "../testing/test-server.ts";
import { type Ended, run as runCommand, TestTerminal } from "../testing/test-terminal.ts";

let server: TestServer;
let profiles: string;
beforeAll(async () => {
  server = await testServer();
  profiles = join(server.folder, "profiles.yaml");
});
afterAll(() => server.stop());

const run = (args: readonly string[], input = ""): Promise<Ended> =>
  runCommand(args, { input, env: { ISTHMUS_PROFILES: profiles } });

/** As an operator does it: the token is made on the machine of the server, and used from elsewhere. */
async function profileFor(name: string, ...groups: readonly string[]): Promise<Ended> {
  const token = await run([
    "generate",
    "token",
    "user",
    "--name",
    name,
    "--group",
    ...groups,
    "--valid-for",
    "1h",
    "-s",
    server.url,
  ]);
  expect(token).toMatchObject({ code: 0, stderr: "" });
  const ca = join(server.folder, "kuma-cp.crt");
  return run(["profile", "add", name, "-s", server.httpsUrl, "--ca-file", ca, "--token-file", "-"], token.stdout);
}

describe("a watch", () => {
  it("shows a change when it happens, not when it is asked for next", async () => {
    const terminal = new TestTerminal();
    const args = ["get", "meshes", "-w", "-o", "json", "--interval", "10m", "-s", server.url];
    const code = runProgram(args, terminal);
    await eventually(() => terminal.out.includes('"default"'));
    await server.client.put("meshes/watched", { type: "Mesh", name: "watched" });
    await eventually(() => terminal.out.includes('"change":"added"'));
    await server.client.delete("meshes/watched");
    await eventually(() => terminal.out.includes('"change":"deleted"'));
    terminal.interrupt();
    expect(await code).toBe(0);
  });
});

describe("a token of the server", () => {
  it("is good over HTTPS, through a profile that only its owner can read", async () => {
    expect(await profileFor("operator", "mesh-system:admin")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(` at ${server.httpsUrl}, as `) as unknown,
      stderr: "",
    });
    expect(((await stat(profiles)).mode & 0o777).toString(8)).toBe("600");
    expect(await run(["get", "secrets"])).toMatchObject({ code: 0, stderr: "" });
    expect((await run(["doctor", "--check", "rest-certificate", "identity"])).stdout).toMatch(
      /^ok +rest-certificate .*\nWARN +identity +your token is valid for (59m|1h) more/,
    );
  });

  it.each(["dataplane", "zone"])("of a %s is printed alone", async (kind) => {
    const args = kind === "zone" ? ["--zone", "east"] : ["--name", "web"];
    const { code, stdout } = await run(["generate", "token", kind, ...args, "-s", server.url]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  });
});

describe("isthmus inspect", () => {
  it.each([
    [["inspect", "zones"], /^NAME +STATUS/],
    [["inspect", "zoneingresses"], /^NAME +STATUS/],
    [["inspect", "zoneegresses"], /^NAME +STATUS/],
    [["inspect", "dataplanes"], /^MESH +NAME +TAGS/],
    [["inspect", "meshes"], /^MESH +DATAPLANES[^\n]*\ndefault +0\/0/],
    [["inspect", "services"], /^SERVICE +STATUS +DATAPLANES/],
    [["inspect", "meshtimeout", "mesh-timeout-all-default"], /^Affected data plane proxies:/],
    [["describe", "meshtimeout", "mesh-timeout-all-default"], /^Type: +MeshTimeout/],
    [["export", "-f", "kubernetes", "-p", "federation-with-policies"], /^---\napiVersion: kuma\.io\/v1alpha1$/m],
  ])("%j is answered", async (args, text) => {
    const ended = await run([...args, "-s", server.url]);
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(ended.stdout).toMatch(text);
  });
});
