/** The command line as a process of its own: readers that go away, Ctrl-C, servers that die under long work. */
import { type ChildProcess, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { eventually, freePorts, type TempFolder, tempFolder } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMAND, ControlPlane } from "./harness/control-plane.ts";

const MANY = 600;
/** Retries alone take more than 4 s, and the machine may be busy with other tests. */
const LIMIT_MS = 240_000;

let folder: TempFolder;
let global: ControlPlane;
let many: string;
beforeAll(async () => {
  folder = await tempFolder("isthmus-e2e-");
  const [restPort = 0, diagnosticsPort = 0, kdsPort = 0] = await freePorts(3);
  global = new ControlPlane({
    role: "global",
    name: "global",
    folder: join(folder.path, "global"),
    settings: {},
    restPort,
    diagnosticsPort,
    kdsPort,
  });
  await global.start();
  many = join(folder.path, "many.yaml");
  await writeFile(many, Array.from({ length: MANY }, (_, i) => timeout(`many-${i}`)).join("---\n"));
});
afterAll(async () => {
  await global.kill();
  await folder.remove();
});

const timeout = (name: string): string =>
  `type: MeshTimeout\nmesh: default\nname: ${name}\nspec:\n  targetRef: {kind: Mesh}\n  to: [{targetRef: {kind: Mesh}, default: {idleTimeout: 1m}}]\n`;

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
  readonly written: () => { readonly stdout: string; readonly stderr: string };
}

function isthmus(...args: readonly string[]): Running {
  const env = { ...process.env, ISTHMUS_SERVER: global.restUrl, ISTHMUS_PROFILES: join(folder.path, "profiles.yaml") };
  const child = spawn(process.execPath, [COMMAND, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  const written = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      written[name] += text;
    });
  }
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.once("close", (code) => resolve({ code, ...written }));
  });
  return { child, ended, written: () => written };
}

/** Resolves at once, as long as there is something left to interrupt. */
function shown({ child, written }: Running, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout?.on("data", () => {
      if (written().stdout.includes(text)) resolve();
    });
    child.once("close", () => reject(new Error(`ended without ${text}: ${JSON.stringify(written())}`)));
  });
}

const countOf = async (part: string): Promise<number> =>
  (await global.api.page("meshes/default/meshtimeouts", { size: 1, name: part })).total;

describe("long work", { timeout: LIMIT_MS }, () => {
  it("is ended by Ctrl-C, and goes on when it is started again", async () => {
    const first = isthmus("import", "-f", many, "--verbose");
    await shown(first, " created");
    first.child.kill("SIGINT");
    const { code, stderr } = await first.ended;
    expect(code).toBe(130);
    const left = Number(/interrupted: (\d+) were not sent; the same command goes on with them/.exec(stderr)?.[1]);
    expect(left).toBeGreaterThan(0);
    expect(await countOf("many-")).toBe(MANY - left);

    const second = await isthmus("import", "-f", many).ended;
    expect(second).toEqual({
      code: 0,
      stdout: `${left} created, 0 updated, ${MANY - left} there already\n`,
      stderr: "",
    });
    expect(await countOf("many-")).toBe(MANY);
  });

  it("ends when the server dies, and loses nothing that it told of", async () => {
    const again = join(folder.path, "again.yaml");
    await writeFile(again, Array.from({ length: MANY }, (_, i) => timeout(`again-${i}`)).join("---\n"));
    const first = isthmus("apply", "-f", again);
    await shown(first, " created");
    await global.kill();
    const { code, stdout, stderr } = await first.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^cannot reach http:\S+ any more: \d+ of 600 were not sent$/m);
    await global.start();
    expect(await countOf("again-")).toBeGreaterThanOrEqual(stdout.match(/ created$/gm)?.length ?? 0);
    expect(await isthmus("import", "-f", again).ended).toMatchObject({ code: 0, stderr: "" });
    expect(await countOf("again-")).toBe(MANY);
  });

  it("comes back whole", async () => {
    const file = join(folder.path, "export.yaml");
    const exported = await isthmus("export", "-p", "all", "--file", file).ended;
    expect(exported).toMatchObject({ code: 0, stdout: "" });
    expect(exported.stderr).toMatch(/^12\d\d resources in /);
    const { code, stdout } = await isthmus("import", "-f", file).ended;
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^0 created, \d updated, 12\d\d there already\n$/) as unknown,
    });
  });
});

describe("a reader", { timeout: LIMIT_MS }, () => {
  it("that goes away ends the command without a word", async () => {
    const { child, ended } = isthmus("get", "meshtimeouts", "-o", "json");
    child.stdout?.once("data", () => child.stdout?.destroy());
    const { code, stderr } = await ended;
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
  });

  it("that waits for changes is ended by Ctrl-C", async () => {
    const { child, ended, written } = isthmus("get", "zones", "--watch", "--interval", "100ms");
    await eventually(() => written().stdout.includes("CHANGE"));
    await global.api.put("zones/watched", { type: "Zone", name: "watched" });
    await eventually(() => written().stdout.includes("added"));
    child.kill("SIGINT");
    const { code, stdout, stderr } = await ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^added +watched +\ds$/m);
  });
});
