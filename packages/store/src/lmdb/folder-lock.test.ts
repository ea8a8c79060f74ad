import { readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type TempFolder, tempFolder } from "@isthmus/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rejects } from "../conformance.ts";
import { type FolderLock, lockFolder } from "./folder-lock.ts";

let folder: TempFolder;
beforeEach(async () => {
  folder = await tempFolder();
});
afterEach(() => folder.remove());

/** What a process that was killed leaves: a socket on which nobody listens. */
async function leaveStaleSocket(path: string, name: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(join(path, "bound"), resolve));
  renameSync(join(path, "bound"), join(path, name));
  await new Promise((resolve) => server.close(resolve));
}

describe("lockFolder", () => {
  it("lets one in, names the holder to others, and the next one in after it", async () => {
    const lock = await lockFolder(folder.path);
    expect(lock.isHeld()).toBe(true);
    const files = readdirSync(folder.path);
    const refusal = await rejects(lockFolder(folder.path), "LOCKED");
    expect(refusal.message).toContain(`pid ${process.pid}`);
    expect(refusal.message).toContain(folder.path);
    expect(readdirSync(folder.path)).toEqual(files);
    await lock.release();
    await lock.release();
    expect(readdirSync(folder.path)).toEqual([]);
    expect(lock.isHeld()).toBe(false);
    await (await lockFolder(folder.path)).release();
  });

  it("takes over what killed processes left, at any point of their start", async () => {
    await leaveStaleSocket(folder.path, "lock-7-0123456789abcdef.sock");
    await leaveStaleSocket(folder.path, "lock-8-0123456789abcdef.tmp");
    writeFileSync(join(folder.path, "data"), "");
    const lock = await lockFolder(folder.path);
    expect(readdirSync(folder.path)).toHaveLength(2);
    await lock.release();
    expect(readdirSync(folder.path)).toEqual(["data"]);
  });

  it("has exactly one winner among simultaneous starters, also over a leftover", async () => {
    for (let round = 0; round < 20; round += 1) {
      await leaveStaleSocket(folder.path, "lock-7-0123456789abcdef.sock");
      const results = await Promise.allSettled(Array.from({ length: 6 }, () => lockFolder(folder.path)));
      const winners = results.filter(
        (result): result is PromiseFulfilledResult<FolderLock> => result.status === "fulfilled",
      );
      expect(winners).toHaveLength(1);
      for (const result of results)
        if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "LOCKED" });
      for (const { value } of winners) await value.release();
      expect(readdirSync(folder.path)).toEqual([]);
    }
  });

  it("counts whoever accepts a connection as alive, even when it never answers", async () => {
    const silent = createServer();
    await new Promise<void>(
      (resolve) => void silent.listen(join(folder.path, "lock-9-0123456789abcdef.sock"), resolve),
    );
    const refusal = await rejects(lockFolder(folder.path), "LOCKED");
    expect(refusal.message).toContain("pid 9");
    await new Promise((resolve) => silent.close(resolve));
    await (await lockFolder(folder.path)).release();
  });

  it("works below paths that are too long for a socket", async () => {
    const deep = await tempFolder(`isthmus-${"long-".repeat(30)}`);
    const lock = await lockFolder(deep.path);
    await rejects(lockFolder(deep.path), "LOCKED");
    await lock.release();
    await deep.remove();
  });

  it("notices that its socket was removed", async () => {
    const lock = await lockFolder(folder.path);
    for (const name of readdirSync(folder.path)) rmSync(join(folder.path, name));
    expect(lock.isHeld()).toBe(false);
    await lock.release();
  });

  it("passes on what the file system says", async () => {
    await expect(lockFolder(join(folder.path, "missing"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});
