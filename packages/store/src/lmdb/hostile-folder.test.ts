/** Folders that are not what a store expects: each is refused with its reason, and left exactly as it was. */
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { FakeClock, seededRandom, type TempFolder, tempFolder } from "@isthmus/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { put, rejects, remove, zoneKey } from "../conformance.ts";
import type { CatalogStore } from "../engine.ts";
import { StoreError, type StoreErrorCode } from "../errors.ts";
import { bundleProgram, type ChildProgram } from "./child-program.ts";
import { MARKER_FILE } from "./folder-marker.ts";
import { DATA_FILE } from "./lmdb-persistence.ts";
import { openLmdbStore } from "./lmdb-store.ts";
import { Shell } from "./shell-client.ts";

const ROWS = 60;
const PAGE_BYTES = 4_096;
/** Of the number of the last page in a meta page. */
const LAST_PAGE_AT = 144;
const FLIPS = 250;
/** "nobody". */
const POWERLESS_UID = 65_534;
const isRoot = process.getuid?.() === 0;

let parent: TempFolder;
let folder: string;
beforeEach(async () => {
  parent = await tempFolder();
  folder = join(parent.path, "store");
});
afterEach(() => parent.remove());

const open = (path = folder): Promise<CatalogStore> => openLmdbStore({ folder: path, clock: new FakeClock() });

/** A store with rows of all kinds: small, larger than a page, and some that were removed. */
async function fillStore(path = folder): Promise<unknown> {
  const store = await open(path);
  const ops = Array.from({ length: ROWS }, (_, i) => put(zoneKey(`zone-${i}`), { i, payload: "x".repeat(i * i * 3) }));
  for (const op of ops) await store.commit([op]);
  await store.commit([remove(zoneKey("zone-7")), remove(zoneKey("zone-59"))]);
  const content = store.list("Zone");
  await store.stop();
  return content;
}

/**
 * Everything below a path that somebody could have touched. Not the time of folders, in which whoever looks for other
 * processes may leave and remove a socket.
 */
function snapshot(path: string): unknown {
  const stats = lstatSync(path);
  const { mode, size, mtimeMs } = stats;
  if (stats.isDirectory()) return { mode, files: readdirSync(path).map((name) => [name, snapshot(join(path, name))]) };
  const bytes = stats.isFile() && createHash("sha256").update(readFileSync(path)).digest("hex");
  return { mode, size, mtimeMs, bytes };
}

/** The refusal, checked to name the folder, after which nothing is different. */
async function refusal(code: StoreErrorCode, path = folder): Promise<string> {
  const before = snapshot(path);
  const { message } = await rejects(open(path), code);
  expect(message).toContain(path);
  expect(snapshot(path)).toEqual(before);
  return message;
}

describe("a folder of somebody else", () => {
  it.each([
    ["any file", { "notes.txt": "hello" }, "it has no isthmus-store.json but holds notes.txt"],
    ["many files", { d: "", c: "", b: "", a: "" }, "holds a, b, c and 1 more"],
    ["an LMDB file without marker", { "data.mdb": "x" }, "holds data.mdb"],
    [
      "a marker of another product",
      { [MARKER_FILE]: '{"product":"other","format":1}' },
      "is not the marker of a store",
    ],
    [
      "a newer format",
      { [MARKER_FILE]: '{"product":"isthmus-store","format":2,"state":"ready","shards":4}', "data.mdb": "new" },
      "was written by a newer version: format 2, this version reads up to 1",
    ],
  ])("is refused: %s", async (_, files, reason) => {
    mkdirSync(folder);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    expect(await refusal("FOREIGN")).toContain(reason);
  });

  it("is no folder at all", async () => {
    writeFileSync(folder, "a file");
    expect(await refusal("IO")).toContain("EEXIST");
    const below = join(folder, "below");
    const { message } = await rejects(open(below), "IO");
    expect(message).toContain(`${below}: ENOTDIR`);
    expect(readFileSync(folder, "utf8")).toBe("a file");
  });
});

describe("a damaged store", () => {
  it.each([
    ["empty", "", "JSON"],
    ["cut off", '{"product":"isthmus-store","for', "JSON"],
    ["a list", "[]", "it is not a JSON object"],
    ["without format", '{"product":"isthmus-store"}', "it names no format"],
    ["without state", '{"product":"isthmus-store","format":1}', "it names no state"],
    ["without history", '{"product":"isthmus-store","format":1,"state":"ready"}', "it names no history"],
  ])("is refused: marker %s", async (_, text, reason) => {
    await fillStore();
    writeFileSync(join(folder, MARKER_FILE), text);
    const message = await refusal("DAMAGED");
    expect(message).toContain(`${join(folder, MARKER_FILE)} is damaged`);
    expect(message).toContain(reason);
  });

  it("is refused: no data file", async () => {
    await fillStore();
    rmSync(join(folder, DATA_FILE));
    expect(await refusal("DAMAGED")).toContain(`${join(folder, DATA_FILE)} is missing`);
  });

  it("is refused: the data file of another store", async () => {
    const other = join(parent.path, "other");
    await Promise.all([fillStore(), fillStore(other)]);
    copyFileSync(join(other, DATA_FILE), join(folder, DATA_FILE));
    expect(await refusal("DAMAGED")).toContain("it belongs to another history");
  });

  it.each([
    ["empty", 0, "the file ends before page 0 does"],
    ["half a page", PAGE_BYTES / 2, "the file ends before"],
    ["its meta pages only", 2 * PAGE_BYTES, "the file ends before"],
    ["five pages and a bit", 5 * PAGE_BYTES + 100, "the file ends before"],
  ])("is refused: data file cut to %s", async (_, bytes, reason) => {
    await fillStore();
    truncateSync(join(folder, DATA_FILE), bytes);
    expect(await refusal("DAMAGED")).toContain(reason);
  });

  it("is refused: more pages than the file has", async () => {
    await fillStore();
    const bytes = readFileSync(join(folder, DATA_FILE));
    for (const meta of [0, PAGE_BYTES]) bytes.writeUInt8(1, meta + LAST_PAGE_AT + 4);
    writeFileSync(join(folder, DATA_FILE), bytes);
    expect(await refusal("DAMAGED")).toMatch(/the file ends before its \d+ pages do/);
  });

  it("is refused: text in place of the data file", async () => {
    await fillStore();
    writeFileSync(join(folder, DATA_FILE), "not a database".repeat(5_000));
    expect(await refusal("DAMAGED")).toContain("page 0 is not a meta page of LMDB");
  });

  // LMDB itself ends the process over many of these. What is not reachable may be damaged without being noticed,
  // everything else is either refused or read as it was.
  it("is refused or read as it was, whatever page is lost or bit is flipped", { timeout: 300_000 }, async () => {
    const content = await fillStore();
    const intact = join(parent.path, "intact");
    cpSync(folder, intact, { recursive: true });
    const bytes = readFileSync(join(intact, DATA_FILE));
    const random = seededRandom(7);
    const damages: ((copy: Buffer) => void)[] = [];
    for (let page = 0; page * PAGE_BYTES < bytes.length; page += 1)
      damages.push((copy) => void copy.fill(0, page * PAGE_BYTES, (page + 1) * PAGE_BYTES));
    for (let i = 0; i < FLIPS; i += 1) {
      // A third of them where it hurts most: the first bytes of a page.
      const page = Math.floor((random() * bytes.length) / PAGE_BYTES);
      const at = page * PAGE_BYTES + Math.floor(random() * (i % 3 === 0 ? 200 : PAGE_BYTES));
      const bit = 1 << Math.floor(random() * 8);
      damages.push((copy) => void (copy[at] = (copy[at] ?? 0) ^ bit));
    }
    let refused = 0;
    for (const damage of damages) {
      const copy = Buffer.from(bytes);
      damage(copy);
      writeFileSync(join(folder, DATA_FILE), copy);
      try {
        const store = await open();
        expect(store.list("Zone")).toEqual(content);
        await store.commit([put(zoneKey("later"))]);
        await store.stop();
      } catch (error) {
        expect(error).toBeInstanceOf(StoreError);
        expect(error).toMatchObject({ code: "DAMAGED" });
        expect(String(error)).toContain(`${join(folder, DATA_FILE)} is damaged`);
        expect(readFileSync(join(folder, DATA_FILE)).equals(copy)).toBe(true);
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(damages.length / 4);
    writeFileSync(join(folder, DATA_FILE), bytes);
    const store = await open();
    expect(store.list("Zone")).toEqual(content);
    await store.stop();
  });
});

describe("a store that was not finished", () => {
  it("is made anew when creating it was interrupted: nothing of it was acknowledged", async () => {
    mkdirSync(folder);
    const marker = { product: "isthmus-store", format: 1, state: "creating", historyId: "old" };
    writeFileSync(join(folder, MARKER_FILE), JSON.stringify(marker));
    writeFileSync(join(folder, DATA_FILE), "half");
    writeFileSync(join(folder, `${MARKER_FILE}.tmp`), "{");
    const store = await open();
    expect([store.revision, store.historyId === "old"]).toEqual([0, false]);
    await store.stop();
  });
});

describe("a running store", () => {
  it("says so when its data file goes, and goes on when it is back", async () => {
    const content = await fillStore();
    const store = await open();
    const path = join(folder, DATA_FILE);
    const saved = join(parent.path, "saved");
    cpSync(path, saved);
    rmSync(path);
    const refused = [await rejects(store.commit([put(zoneKey("a"))]), "IO")];
    refused.push(await rejects(store.commit([put(zoneKey("a"))]), "IO"));
    for (const { message } of refused) expect(message).toContain(folder);
    expect(refused[0]?.message).toContain("data.mdb was removed or replaced");
    expect(store.list("Zone")).toEqual(content);
    cpSync(saved, path);
    const { revision } = await store.commit([put(zoneKey("a"))]);
    expect(revision).toBe(ROWS + 2);
    const after = store.list("Zone");
    await store.stop();
    const again = await open();
    expect([again.revision, again.list("Zone")]).toEqual([revision, after]);
    await again.stop();
  });

  it("does not let a transaction come back that it reported as failed", async () => {
    const content = await fillStore();
    const store = await open();
    const path = join(folder, DATA_FILE);
    // The write reaches the file, which is not where it belongs just then.
    renameSync(path, join(parent.path, "moved"));
    await rejects(store.commit([put(zoneKey("failed")), remove(zoneKey("zone-1"))]), "IO");
    renameSync(join(parent.path, "moved"), path);
    expect(store.list("Zone")).toEqual(content);
    const { revision } = await store.commit([put(zoneKey("next"))]);
    expect(revision).toBe(ROWS + 2);
    const after = store.list("Zone");
    await store.commit([put(zoneKey("last")), remove(zoneKey("last"))]);
    await store.stop();
    const again = await open();
    expect([again.revision, again.list("Zone")]).toEqual([revision, after]);
    expect([again.get(zoneKey("failed")), again.get(zoneKey("zone-1"))?.version]).toEqual([undefined, 2]);
    await again.stop();
  });

  it("stops writing when its lock is removed", async () => {
    await fillStore();
    const store = await open();
    for (const name of readdirSync(folder)) if (name.endsWith(".sock")) rmSync(join(folder, name));
    const before = readFileSync(join(folder, DATA_FILE));
    expect((await rejects(store.commit([put(zoneKey("a"))]), "IO")).message).toContain("its lock was removed");
    expect(readFileSync(join(folder, DATA_FILE)).equals(before)).toBe(true);
    expect(store.get(zoneKey("a"))).toBeUndefined();
    await store.stop();
  });
});

describe("from another process", () => {
  let program: ChildProgram;
  let shell: Shell;
  beforeAll(async () => {
    program = await bundleProgram("store-shell.ts");
    // For a process that gave up root.
    chmodSync(dirname(program.file), 0o755);
  });
  afterAll(() => program.remove());
  beforeEach(() => {
    shell = new Shell(program);
  });
  afterEach(() => shell.kill());

  it("a store in use is refused, with the process that has it, until that process is killed", async () => {
    await shell.expect({ do: "open", folder });
    await shell.expect({ do: "commit", commits: [[put(zoneKey("a"))]] });
    expect(await refusal("LOCKED")).toContain(`is in use by another process (pid ${shell.child.pid})`);
    expect(await shell.expect({ do: "commit", commits: [[put(zoneKey("b"))]] })).toEqual([{ ok: 2 }]);
    await shell.kill();
    const store = await open();
    expect([store.revision, store.count("Zone")]).toEqual([2, 2]);
    await store.stop();
  });

  /** Opens as somebody without rights, which root has to become first. */
  async function powerlessRefusal(): Promise<string> {
    chmodSync(parent.path, 0o755);
    const before = snapshot(folder);
    if (isRoot) await shell.expect({ do: "become", uid: POWERLESS_UID });
    const answer = await shell.ask({ do: "open", folder });
    expect(answer).toMatchObject({ error: { code: "IO" } });
    expect(snapshot(folder)).toEqual(before);
    const message = JSON.stringify(answer);
    expect(message).toContain(`cannot open the store in ${folder}`);
    return message;
  }

  it("a folder that may only be read is refused", async () => {
    await fillStore();
    chmodSync(folder, 0o555);
    for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o444);
    try {
      expect(await powerlessRefusal()).toContain("EACCES");
    } finally {
      chmodSync(folder, 0o755);
    }
  });

  it.each([
    ["data file", DATA_FILE, 0o444],
    ["data file", DATA_FILE, 0o000],
    ["file of locks", `${DATA_FILE}-lock`, 0o000],
    ["file of locks", `${DATA_FILE}-lock`, 0o444],
    ["marker", MARKER_FILE, 0o000],
  ])("a %s without rights is refused (%s, mode %o)", async (_, name, mode) => {
    await fillStore();
    for (const other of readdirSync(folder)) chmodSync(join(folder, other), 0o666);
    chmodSync(folder, 0o777);
    chmodSync(join(folder, name), mode);
    const message = await powerlessRefusal().finally(() => chmodSync(join(folder, name), 0o666));
    expect(message).toContain("EACCES");
    expect(message).toContain(name);
  });

  it("a folder that cannot be made is refused", async () => {
    chmodSync(parent.path, 0o555);
    if (isRoot) await shell.expect({ do: "become", uid: POWERLESS_UID });
    const answer = await shell.ask({ do: "open", folder: join(folder, "deep") });
    chmodSync(parent.path, 0o755);
    expect(answer).toMatchObject({ error: { code: "IO" } });
    expect(JSON.stringify(answer)).toContain("EACCES");
    expect(readdirSync(parent.path)).toEqual([]);
  });
});
