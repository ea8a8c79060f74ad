/** Exports as kumactl makes them, and imports of them into servers of ours. */
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TempFolder, tempFolder } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { kumactlRecording, type RecordedServer, recordedServer } from "../testing/recorded-server.ts";
import { type TestServer, testServer } from "../testing/test-server.ts";
import { type Ended, run, type TestTerminalOptions } from "../testing/test-terminal.ts";

let kuma: RecordedServer;
let folder: TempFolder;
beforeAll(async () => {
  kuma = await recordedServer();
  folder = await tempFolder();
});
afterAll(async () => {
  await kuma.stop();
  await folder.remove();
});

const exported = (...args: readonly string[]): Promise<Ended> => run(["export", ...args, "-s", kuma.url]);
type Exported = { readonly type: string; readonly name: string; readonly labels?: Record<string, string> };
const documentsOf = (text: string): readonly Exported[] =>
  parseAllDocuments(text)
    .map((document) => document.toJS() as Exported | null)
    .filter((document) => document !== null);

describe("isthmus export", () => {
  it("prints what kumactl prints", async () => {
    const { code, stdout, stderr } = await exported("-p", "all");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const ours = stdout.split("---\n");
    const kumas = kumactlRecording("global-export").stdout.split("---\n");
    expect(ours[0]).toBe(kumas[0]);
    // Insights were recorded some moments apart, and Go breaks long texts.
    const comparable = (text: string): string => text.trimEnd().replace(/\n {4}}}/, " }}");
    const withoutInsights = (parts: readonly string[]): readonly string[] =>
      parts.filter((part) => !/^type: \w+Insight$/m.test(part)).map(comparable);
    expect(withoutInsights(ours)).toEqual(withoutInsights(kumas));
    expect(documentsOf(stdout).map(({ type, name }) => `${type}/${name}`)).toEqual(
      documentsOf(kumactlRecording("global-export").stdout).map(({ type, name }) => `${type}/${name}`),
    );
  });

  it("of a federation has what a global needs: secrets, no policies of today, no origin", async () => {
    const documents = documentsOf((await exported()).stdout);
    expect([...new Set(documents.map(({ type }) => type))].sort()).toEqual([
      "GlobalSecret",
      "HostnameGenerator",
      "Mesh",
      "MeshExternalService",
      "MeshMultiZoneService",
      "Secret",
    ]);
    expect(documents.every(({ labels = {} }) => !("kuma.io/origin" in labels))).toBe(true);
    const names = documents.map(({ name }) => name);
    expect(names).not.toContain("inter-cp-ca");
    expect(documents[0]).toMatchObject({ type: "Mesh", skipCreatingInitialPolicies: ["*"] });
    expect(documents.at(-1)).toMatchObject({ type: "GlobalSecret", name: "user-token-signing-key-1" });
    const withPolicies = documentsOf((await exported("-p", "federation-with-policies")).stdout);
    expect(withPolicies.some(({ type }) => type === "MeshTimeout")).toBe(true);
  });

  it("leaves secrets and Dataplanes out where it should", async () => {
    const types = async (...args: readonly string[]): Promise<ReadonlySet<string>> =>
      new Set(documentsOf((await exported(...args)).stdout).map(({ type }) => type));
    expect(await types("-p", "all")).not.toContain("Secret");
    expect(await types("-p", "all", "--include-admin")).toContain("Secret");
    const without = await types("-p", "no-dataplanes");
    expect(without).toContain("MeshService");
    expect(without).not.toContain("Dataplane");
    expect(without).not.toContain("DataplaneInsight");
  });

  it("prints JSON as well", async () => {
    const { items } = JSON.parse((await exported("-p", "all", "-f", "json")).stdout) as { items: unknown[] };
    expect(items).toHaveLength(documentsOf((await exported("-p", "all")).stdout).length);
  });

  it("writes a file that only its owner can read", async () => {
    const file = join(folder.path, "export.yaml");
    const { stdout, stderr } = await exported("--file", file);
    expect({ stdout, stderr }).toEqual({
      stdout: "",
      stderr: expect.stringMatching(/^\d+ resources in .*export.yaml\n$/) as unknown,
    });
    expect(((await stat(file)).mode & 0o777).toString(8)).toBe("600");
    expect(await exported("--file", join(folder.path, "no", "where"))).toMatchObject({ code: 1 });
  });

  it("reads again what changed while it was read, and says when it does not settle", async () => {
    const item = (name: string) => ({ type: "MeshTimeout", mesh: "default", name });
    kuma.answers.set("GET /meshes/default/meshtimeouts?size=1000", {
      status: 200,
      json: { total: 3, items: [item("a"), item("a")], next: null },
    });
    const { code, stderr } = await exported("-p", "all");
    kuma.answers.clear();
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: "warning: meshes/default/meshtimeouts changed while it was read; something may be missing\n",
    });
  });

  it.each([
    [["-p", "some"], "Allowed choices are all, federation"],
    [["-f", "xml"], "Allowed choices are universal, yaml, json, kubernetes"],
  ])("%j is refused", async (args, message) => {
    const ended = await exported(...args);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain(message);
  });
});

describe("isthmus import", () => {
  let source: TestServer;
  let target: TestServer;
  beforeAll(async () => {
    [source, target] = await Promise.all([testServer(), testServer()]);
    const meshes = ["default", "shop"];
    await source.client.put("meshes/shop", { type: "Mesh", name: "shop" });
    for (const mesh of meshes) {
      await source.client.put(`meshes/${mesh}`, {
        type: "Mesh",
        name: mesh,
        mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin" }] },
      });
      await source.client.put(`meshes/${mesh}/meshtimeouts/own`, {
        type: "MeshTimeout",
        mesh,
        name: "own",
        spec: { targetRef: { kind: "Mesh" }, to: [{ targetRef: { kind: "Mesh" }, default: { idleTimeout: "1m" } }] },
      });
    }
    await source.client.put("zones/east", { type: "Zone", name: "east" });
  });
  afterAll(() => Promise.all([source.stop(), target.stop()]));

  const exportOf = async (server: TestServer, ...args: readonly string[]): Promise<string> =>
    (await run(["export", ...args, "-s", server.url])).stdout;
  const importInto = (
    server: TestServer,
    input: string,
    args: readonly string[] = [],
    options: TestTerminalOptions = {},
  ): Promise<Ended> => run(["import", "-f", "-", ...args, "-s", server.url], { input, ...options });

  /** Without times, insights, and the label of the mesh, which defaults lack and what comes over REST has. */
  const contentOf = (text: string): readonly unknown[] =>
    documentsOf(text)
      .filter(({ type }) => !type.endsWith("Insight"))
      .map(({ labels = {}, ...document }) => ({
        ...document,
        creationTime: "",
        modificationTime: "",
        labels: { ...labels, "kuma.io/mesh": "" },
      }));

  it("makes another global the same, and finds nothing to do a second time", async () => {
    const text = await exportOf(source, "-p", "all", "--include-admin");
    const planned = await importInto(target, text, ["--dry-run"]);
    expect(planned.stdout).toMatch(/^\d+ to write, \d+ there already; nothing was sent\n$/);
    expect(await target.client.find("meshes/shop")).toBeUndefined();

    const first = await importInto(target, text);
    expect(first).toMatchObject({ code: 0 });
    expect(first.stdout).toMatch(/^\d+ created, \d+ updated, \d+ there already\n$/);
    expect(contentOf(await exportOf(target, "-p", "all", "--include-admin"))).toEqual(contentOf(text));

    const second = await importInto(target, text);
    expect(second).toMatchObject({ code: 0 });
    expect(second.stdout).toMatch(/^0 created, 0 updated, \d+ there already\n$/);
  });

  it("keeps what is there, if asked", async () => {
    const text = `type: MeshTimeout\nmesh: shop\nname: own\nspec:\n  targetRef: {kind: Mesh}\n  to: [{targetRef: {kind: Mesh}, default: {idleTimeout: 9s}}]\n`;
    const kept = await importInto(target, text, ["--keep-existing"]);
    expect(kept).toMatchObject({
      code: 0,
      stdout: "0 created, 0 updated, 0 there already\n",
      stderr: "left out: 1 there already with another content (--keep-existing)\n",
    });
    expect((await importInto(target, text, ["-v"])).stdout).toBe(
      "MeshTimeout/own updated\n0 created, 1 updated, 0 there already\n",
    );
  });

  it("leaves out what a global does not take, and says why", async () => {
    const text = (await exported("-p", "all", "--include-admin")).stdout;
    const { stderr } = await importInto(target, text, ["--dry-run"]);
    expect(stderr).toMatch(/^left out: 4 Dataplane: not to be written on a global$/m);
    expect(stderr).toMatch(/^left out: 4 DataplaneInsight: control planes write it themselves$/m);
    expect(stderr).toMatch(/^left out: \d HostnameGenerator: of a zone, which sends it itself$/m);
  });

  it("names the lines of what is refused, after the rest", async () => {
    const text = `type: MeshTimeout\nmesh: default\nname: bad\nspec:\n  targetRef: {kind: Moon}\n---\ntype: Zone\nname: north\n`;
    const { code, stdout, stderr } = await importInto(target, text);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "1 created, 0 updated, 0 there already\n" });
    expect(stderr).toMatch(/^stdin:1: MeshTimeout\/bad: .*\n {2}stdin:5: spec\.targetRef\.kind: /);
  });

  it("tells how far it is where it is wanted", async () => {
    const file = join(folder.path, "many.yaml");
    const zone = (i: number): string => `type: Zone\nname: many-${i}\n`;
    await writeFile(file, Array.from({ length: 50 }, (_, i) => zone(i)).join("---\n"));
    const { stderr } = await run(["import", "-f", file, "--progress", "-s", target.url]);
    expect(stderr.trimEnd().split("\n").at(-1)).toBe("import: 50 of 50 (100%)");
    const drawn = await run(["import", "-f", file, "-s", target.url], { isErrorTerminal: true });
    expect(drawn.stderr).toContain("\r\u001b[Kcompare: ");
    expect(drawn.stderr.endsWith("\r\u001b[K")).toBe(true);
    const silent = await run(["import", "-f", file, "-s", target.url]);
    expect(silent.stderr).toBe("");
  });
});
