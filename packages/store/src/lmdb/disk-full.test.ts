/** A full disk, as a small file system of its own; where that cannot be mounted, as a limit on the size of files. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { type TempFolder, tempFolder } from "@isthmus/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { put, zoneKey } from "../conformance.ts";
import type { Op } from "../store.ts";
import { bundleProgram, type ChildProgram } from "./child-program.ts";
import { Shell } from "./shell-client.ts";
import type { ShellCommand } from "./store-shell.ts";

const DISK_BYTES = 1_048_576;
/** Runs what follows with a file system of that size over the folder `$0`, which only that process sees. */
const MOUNTED = `mount -t tmpfs -o size=${DISK_BYTES} none "$0" && exec "$@"`;
const NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", MOUNTED];
const FILE_MAX_BYTES = 131_072;

const canMount = runs([...NAMESPACE, "/tmp", "true"]);
const canLimit = runs(["prlimit", `--fsize=${FILE_MAX_BYTES}:`, "true"]);

let program: ChildProgram;
let disk: TempFolder;
let shell: Shell;

beforeAll(async () => {
  program = await bundleProgram("store-shell.ts");
});
afterAll(() => program.remove());
beforeEach(async () => {
  disk = await tempFolder();
});
afterEach(async () => {
  const { stderr } = await shell.kill();
  await disk.remove();
  // lmdb reports there what fails in it, and nothing may: see reserved-space.ts.
  expect(stderr).toBe("");
});

const zone = (name: string, bytes: number): Op => put(zoneKey(name), { payload: "x".repeat(bytes) });
const commit = (...commits: Op[][]): ShellCommand => ({ do: "commit", commits });
const STATE: ShellCommand = { do: "state", type: "Zone" };
const SMALL = 500;
const BIG = 300_000;

describe.skipIf(!canMount)("on a full disk (needs to mount a tmpfs)", () => {
  let folder: string;
  let ballast: string;
  beforeEach(() => {
    folder = join(disk.path, "a", "store");
    ballast = join(disk.path, "ballast");
    shell = new Shell(program, [...NAMESPACE, disk.path]);
  });

  it("refuses what does not fit, shows none of it, and goes on when there is space", async () => {
    await shell.expect({ do: "open", folder });
    await shell.expect(commit([zone("a", SMALL)], [zone("b", SMALL)]));
    const before = await shell.expect(STATE);
    expect(before).toEqual([
      2,
      [
        ["a", 1],
        ["b", 2],
      ],
    ]);
    await shell.expect({ do: "fill", file: ballast, leaveBytes: 0 });
    for (let round = 0; round < 3; round += 1) {
      const refused = await shell.expect(commit([zone("c", BIG)], [zone("a", BIG)]));
      expect(refused).toMatchObject([{ error: { code: "IO" } }, { error: { code: "IO" } }]);
      expect(JSON.stringify(refused)).toContain(folder);
      expect(JSON.stringify(refused)).toContain("the file system is full: 0 bytes free");
      expect(await shell.expect(STATE)).toEqual(before);
    }
    // In one batch with others, only what does not fit is refused.
    await shell.expect({ do: "remove", file: ballast });
    await shell.expect({ do: "fill", file: ballast, leaveBytes: BIG - 40_000 });
    const mixed = await shell.expect(commit([zone("a", SMALL + 1)], [zone("c", BIG)], [zone("b", SMALL + 1)]));
    expect(mixed).toMatchObject([{ ok: 3 }, { error: { code: "IO" } }, { ok: 4 }]);
    await shell.expect({ do: "remove", file: ballast });
    expect(await shell.expect(commit([zone("c", BIG)], [zone("a", BIG)]))).toEqual([{ ok: 5 }, { ok: 6 }]);
    const after = [
      6,
      [
        ["a", 6],
        ["b", 4],
        ["c", 5],
      ],
    ];
    expect(await shell.expect(STATE)).toEqual(after);
    await shell.expect({ do: "stop" });
    await shell.expect({ do: "open", folder });
    expect(await shell.expect(STATE)).toEqual(after);
  });

  it("fills up to the last page and keeps everything it acknowledged", async () => {
    await shell.expect({ do: "open", folder });
    const kept: string[] = [];
    for (let i = 0; kept.length === i; i += 1) {
      const name = `z${String(i).padStart(4, "0")}`;
      const answer = await shell.expect(commit([zone(name, 4_000 + 37 * i)]));
      if (JSON.stringify(answer).includes("ok")) kept.push(name);
      else expect(answer).toMatchObject([{ error: { code: "IO" } }]);
    }
    expect(kept.length).toBeGreaterThan(20);
    const [revision, found] = (await shell.expect(STATE)) as [number, [string, number][]];
    expect([revision, found.map(([name]) => name)]).toEqual([kept.length, kept]);
    await shell.expect({ do: "stop" });
    await shell.expect({ do: "open", folder });
    expect(await shell.expect(STATE)).toEqual([revision, found]);
  });

  it.each([0, 4_096, 8_192, 16_384, 24_576, 65_536])("creates no half store with %i bytes left", async (leaveBytes) => {
    await shell.expect({ do: "fill", file: ballast, leaveBytes });
    const answer = await shell.ask({ do: "open", folder });
    expect(answer).toMatchObject({ error: { code: "IO" } });
    expect(JSON.stringify(answer)).toContain(`cannot open the store in ${folder}`);
    await shell.expect({ do: "remove", file: ballast });
    // The folder it made is gone again.
    await shell.expect({ do: "fill", file: join(disk.path, "a"), leaveBytes: DISK_BYTES - 4_096 });
    await shell.expect({ do: "remove", file: join(disk.path, "a") });
    await shell.expect({ do: "open", folder });
    expect(await shell.expect(commit([zone("a", SMALL)]))).toEqual([{ ok: 1 }]);
  });

  it("opens what is there, or says why not and leaves it alone", async () => {
    await shell.expect({ do: "open", folder });
    await shell.expect(commit([zone("a", SMALL)]));
    await shell.expect({ do: "stop" });
    await shell.expect({ do: "fill", file: ballast, leaveBytes: 0 });
    await shell.expect({ do: "open", folder });
    expect(await shell.expect(STATE)).toEqual([1, [["a", 1]]]);
    await shell.expect({ do: "stop" });
    // As after bringing back a copy of the folder: without the file that LMDB makes for itself.
    await shell.expect({ do: "remove", file: join(folder, "data.mdb-lock") });
    await shell.expect({ do: "fill", file: ballast, leaveBytes: 0 });
    expect(await shell.ask({ do: "open", folder })).toMatchObject({ error: { code: "IO" } });
    await shell.expect({ do: "remove", file: ballast });
    await shell.expect({ do: "open", folder });
    expect(await shell.expect(STATE)).toEqual([1, [["a", 1]]]);
  });
});

describe.skipIf(!canLimit)("over the limit on the size of files (needs prlimit)", () => {
  it("refuses what does not fit and goes on when the limit is lifted", async () => {
    shell = new Shell(program, ["prlimit", `--fsize=${FILE_MAX_BYTES}:`]);
    await shell.expect({ do: "open", folder: disk.path });
    await shell.expect(commit([zone("a", SMALL)]));
    const before = await shell.expect(STATE);
    const refused = await shell.expect(commit([zone("b", BIG)]));
    expect(refused).toMatchObject([{ error: { code: "IO" } }]);
    expect(JSON.stringify(refused)).toContain(disk.path);
    expect(await shell.expect(STATE)).toEqual(before);
    expect(runs(["prlimit", `--pid=${shell.child.pid}`, "--fsize=unlimited:"])).toBe(true);
    expect(await shell.expect(commit([zone("b", BIG)]))).toEqual([{ ok: 2 }]);
    await shell.expect({ do: "stop" });
    await shell.expect({ do: "open", folder: disk.path });
    expect(await shell.expect(STATE)).toEqual([
      2,
      [
        ["a", 1],
        ["b", 2],
      ],
    ]);
  });
});

function runs([command = "", ...args]: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}
