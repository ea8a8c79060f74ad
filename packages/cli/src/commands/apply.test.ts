import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TempFolder, tempFolder } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestServer, testServer } from "../testing/test-server.ts";
import { type Ended, run as runCommand } from "../testing/test-terminal.ts";

let server: TestServer;
let folder: TempFolder;
beforeAll(async () => {
  server = await testServer();
  folder = await tempFolder();
});
afterAll(async () => {
  await server.stop();
  await folder.remove();
});

const run = (args: readonly string[], input = ""): Promise<Ended> => runCommand([...args, "-s", server.url], { input });

const timeout = (name: string, idle: string, mesh = "default"): string =>
  `type: MeshTimeout
mesh: ${mesh}
name: ${name}
spec:
  targetRef:
    kind: Mesh
  to:
  - targetRef:
      kind: Mesh
    default:
      idleTimeout: ${idle}
`;

describe("isthmus apply", () => {
  it("creates, then updates, what standard input says", async () => {
    const text = timeout("from-stdin", "1m");
    expect(await run(["apply", "-f", "-"], text)).toEqual({
      code: 0,
      stdout: "MeshTimeout/from-stdin created\n",
      stderr: "",
    });
    expect(await run(["apply", "-f", "-"], text)).toEqual({
      code: 0,
      stdout: "MeshTimeout/from-stdin updated\n",
      stderr: "",
    });
  });

  it("writes a mesh before what is in it, whatever the order of the documents", async () => {
    const text = `${timeout("early", "1m", "late")}---\ntype: Mesh\nname: late\nskipCreatingInitialPolicies: ["*"]\n`;
    const { code, stdout } = await run(["apply", "-f", "-"], text);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "MeshTimeout/early created\nMesh/late created\n" });
  });

  it("names the line of every field that is wrong, and writes the rest", async () => {
    const file = join(folder.path, "some.yaml");
    const bad = timeout("bad", "1s").replaceAll("kind: Mesh", "kind: Moon");
    await writeFile(
      file,
      [timeout("good-1", "1s"), bad, "type: MeshTimout\nname: x\n", timeout("good-2", "2s")].join("---\n"),
    );
    const { code, stdout, stderr } = await run(["apply", "-f", file]);
    expect(code).toBe(1);
    expect(stdout).toBe("MeshTimeout/good-1 created\nMeshTimeout/good-2 created\n");
    expect(stderr.replaceAll(folder.path, "").split("\n").slice(0, -1)).toEqual([
      "/some.yaml:13: MeshTimeout/bad: Could not process a resource (Resource is not valid)",
      expect.stringMatching(/^ {2}\/some.yaml:18: spec.targetRef.kind: /) as unknown,
      expect.stringMatching(/^ {2}\/some.yaml:21: spec.to\[0\].targetRef.kind: /) as unknown,
      "/some.yaml:25: MeshTimout/x: unknown type",
    ]);
  });

  it("says once that a mesh could not be made, not for all that is in it by the server", async () => {
    const text = `type: Mesh\nname: Broken_\n---\n${timeout("in-it", "1s", "Broken_")}`;
    const { code, stderr } = await run(["apply", "-f", "-"], text);
    expect(code).toBe(1);
    expect(stderr.split("\n").filter((line) => line.includes("MeshTimeout"))).toEqual([
      'stdin:4: MeshTimeout/in-it: not sent, since its mesh "Broken_" could not be created',
    ]);
  });

  it("applies what `get -o yaml` and `get -o json` print", async () => {
    for (const output of ["yaml", "json"]) {
      const { stdout } = await run(["get", "meshtimeouts", "-o", output]);
      const again = await run(["apply", "-f", "-"], stdout);
      expect(again).toMatchObject({ code: 0, stderr: "" });
      expect(again.stdout).toMatch(/MeshTimeout\/mesh-timeout-all-default updated/);
    }
  });

  it("sends nothing when one of the documents cannot be read", async () => {
    const { code, stdout, stderr } = await run(["apply", "-f", "-"], `${timeout("unsent", "1s")}---\na: [\n`);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^stdin:1[34]: /);
    expect(await server.client.find("meshes/default/meshtimeouts/unsent")).toBeUndefined();
  });
});

describe("isthmus apply --dry-run", () => {
  it("shows what would change, and changes nothing", async () => {
    await run(["apply", "-f", "-"], timeout("dry", "1m"));
    const before = await server.client.get("meshes/default/meshtimeouts/dry");
    const text = [timeout("dry", "2m"), timeout("new", "1s"), timeout("from-stdin", "1m")].join("---\n");
    const { code, stdout, stderr } = await run(["apply", "--dry-run", "-f", "-"], text);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = stdout.split("\n");
    expect(lines.slice(0, 11)).toEqual([
      "--- MeshTimeout/dry on the server",
      "+++ MeshTimeout/dry in stdin:1",
      "@@ -7,7 +7,7 @@",
      "     kind: Mesh",
      "   to:",
      "   - default:",
      "-      idleTimeout: 1m0s",
      "+      idleTimeout: 2m0s",
      "     targetRef:",
      "       kind: Mesh",
      " type: MeshTimeout",
    ]);
    expect(stdout).toContain("--- nothing\n+++ MeshTimeout/new in stdin:13\n@@ -0,0 +1,");
    expect(lines.at(-2)).toBe("1 to create, 1 to update, 1 unchanged; nothing was sent");
    expect(await server.client.get("meshes/default/meshtimeouts/dry")).toEqual(before);
    expect(await server.client.find("meshes/default/meshtimeouts/new")).toBeUndefined();
  });

  it("says what the server would refuse, with the line", async () => {
    const { code, stderr } = await run(
      ["apply", "--dry-run", "-f", "-"],
      timeout("bad", "1s").replace("kind: Mesh", "kind: Moon"),
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/^stdin:1: MeshTimeout\/bad: .*\n {2}stdin:6: spec\.targetRef\.kind: /);
  });

  it("tells scripts by its exit code, if they ask", async () => {
    const changed = await run(["apply", "--dry-run", "--exit-code", "-f", "-"], timeout("dry", "9m"));
    expect(changed.code).toBe(5);
    const same = await run(["apply", "--dry-run", "--exit-code", "-f", "-"], timeout("dry", "1m"));
    expect(same.code).toBe(0);
  });

  it("never shows a secret", async () => {
    const secret = (data: string): string =>
      `type: Secret\nmesh: default\nname: hidden\ndata: ${Buffer.from(data).toString("base64")}\n`;
    expect((await run(["apply", "-f", "-"], secret("old secret"))).code).toBe(0);
    const { stdout } = await run(["apply", "--dry-run", "-f", "-"], secret("new secret"));
    expect(stdout).toContain("1 to update");
    expect(stdout).toMatch(/-data: '\*{5} \(sha256 [0-9a-f]{12}\)'/);
    for (const text of ["old secret", "new secret"]) expect(stdout).not.toContain(Buffer.from(text).toString("base64"));
  });
});
