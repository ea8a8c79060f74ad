/**
 * One process per folder. LMDB lets a second process open the same file, whose catalog would then silently go stale, and
 * Node has no `flock`; so the lock is a Unix socket that listens in the folder for as long as its process lives. The
 * kernel closes it however the process ends: a socket that refuses connections is a leftover and is removed.
 *
 * The naive form, one fixed name that is taken over when it refuses, lets two starters win: both find it stale, one
 * removes it and binds, the other removes the new one and binds too. Here every starter publishes a claim under a name
 * that is never used again, *then* looks who else is there, and owns the folder only when it finds nobody alive. Of two
 * that see each other the one whose name sorts first waits and the other withdraws. A claim is bound under a private
 * name and renamed once it listens, because a socket refuses connections between bind and listen.
 *
 * The folder must be on a disk of this machine: a socket says nothing about processes of other machines.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, unlinkSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sleep, systemClock } from "@isthmus/std";
import { StoreError } from "../errors.ts";

/** The least that a platform guarantees for a socket path (macOS 104, Linux 108), with room for the name. */
const FOLDER_PATH_MAX_BYTES = 60;
const ANSWER_TIMEOUT_MS = 1_000;
const CONTEST_POLL_MS = 5;
const CONTEST_MAX_MS = 5_000;
const CLAIM = /^lock-(\d+)-[0-9a-f]{16}\.sock$/;
const UNPUBLISHED = /^lock-\d+-[0-9a-f]{16}\.tmp$/;

export interface FolderLock {
  /** False when somebody removed the socket: another process may then be at work in the folder. */
  isHeld(): boolean;
  release(): Promise<void>;
}

/** Files in the folder that belong to the lock, its own and leftovers. */
export function isLockFile(name: string): boolean {
  return CLAIM.test(name) || UNPUBLISHED.test(name);
}

/** Rejects with a StoreError LOCKED, or with the error of the file system. Leaves nothing behind then. */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const reach = reachable(folder);
  try {
    await refuseWhenOwned(folder, reach.path);
    const claim = await publish(folder, reach.path);
    try {
      await contest(folder, reach.path, claim);
    } catch (error) {
      await claim.withdraw();
      throw error;
    }
    await removeUnpublished(reach.path);
    const inode = statSync(claim.path).ino;
    return {
      isHeld: () => statSync(claim.path, { throwIfNoEntry: false })?.ino === inode,
      release: () => claim.withdraw(),
    };
  } finally {
    reach.dispose();
  }
}

interface Claim {
  readonly name: string;
  readonly path: string;
  own(): void;
  /** Idempotent. */
  withdraw(): Promise<void>;
}

interface Contender {
  readonly name: string;
  readonly pid: number;
  readonly isOwner: boolean;
}

/** Saves the usual second process from writing anything into the folder. */
async function refuseWhenOwned(folder: string, path: string): Promise<void> {
  const owner = (await survey(path)).find((contender) => contender.isOwner);
  if (owner) throw locked(folder, owner);
}

async function publish(folder: string, path: string): Promise<Claim> {
  const stem = `lock-${process.pid}-${randomBytes(8).toString("hex")}`;
  let isOwner = false;
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.end(isOwner ? "owner" : "claiming");
  });
  await listen(server, join(path, `${stem}.tmp`));
  const name = `${stem}.sock`;
  const published = join(folder, name);
  let withdrawn: Promise<void> | undefined;
  const withdraw = (): Promise<void> => {
    withdrawn ??= new Promise((resolve) => {
      rmSync(published, { force: true });
      server.close(() => resolve());
    });
    return withdrawn;
  };
  try {
    renameSync(join(folder, `${stem}.tmp`), published);
  } catch (error) {
    await withdraw();
    throw error;
  }
  return { name, path: published, own: () => void (isOwner = true), withdraw };
}

/** Returns when nobody else is alive. */
async function contest(folder: string, path: string, claim: Claim): Promise<void> {
  const deadline = systemClock.monotonic() + CONTEST_MAX_MS;
  for (;;) {
    const others = (await survey(path)).filter((contender) => contender.name !== claim.name);
    if (others.length === 0) {
      claim.own();
      return;
    }
    const winner = others.find((other) => other.isOwner || other.name < claim.name);
    if (winner) throw locked(folder, winner);
    const [other] = others;
    if (other && systemClock.monotonic() > deadline) throw locked(folder, other);
    await sleep(systemClock, CONTEST_POLL_MS);
  }
}

/** Everybody alive, after removing the leftovers of the dead. */
async function survey(path: string): Promise<readonly Contender[]> {
  const alive: Contender[] = [];
  for (const name of readdirSync(path)) {
    const match = CLAIM.exec(name);
    if (!match) continue;
    const answer = await ask(join(path, name));
    if (answer === "dead") rmSync(join(path, name), { force: true });
    else if (answer !== "gone") alive.push({ name, pid: Number(match[1]), isOwner: answer !== "claiming" });
  }
  return alive;
}

/** Bound but never published: their process died in between, or is about to find out that it came too late. */
async function removeUnpublished(path: string): Promise<void> {
  for (const name of readdirSync(path)) {
    if (UNPUBLISHED.test(name) && (await ask(join(path, name))) === "dead") rmSync(join(path, name), { force: true });
  }
}

/** Whoever accepts the connection is alive, even when it is too busy to answer: it then counts as the owner. */
function ask(path: string): Promise<"owner" | "claiming" | "dead" | "gone"> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(path);
    const settle = (result: "owner" | "claiming" | "dead" | "gone"): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => settle("owner"));
    socket.on("data", (chunk) => void (answer += chunk.toString("latin1")));
    socket.on("end", () => settle(answer === "claiming" ? "claiming" : "owner"));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") settle("gone");
      else settle(error.code === "ECONNREFUSED" ? "dead" : "owner");
    });
  });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.removeListener("error", reject);
      // A connection that could not be accepted costs its peer the answer, not us the process.
      server.on("error", () => {});
      server.unref();
      resolve();
    });
  });
}

/** The folder under a path short enough for a socket address: itself, or a symbolic link in the temporary folder. */
function reachable(folder: string): { readonly path: string; dispose(): void } {
  if (Buffer.byteLength(folder) <= FOLDER_PATH_MAX_BYTES) return { path: folder, dispose: () => {} };
  const parent = mkdtempSync(join(tmpdir(), "isthmus-"));
  const path = join(parent, "f");
  symlinkSync(folder, path);
  return {
    path,
    dispose() {
      unlinkSync(path);
      rmSync(parent, { recursive: true, force: true });
    },
  };
}

function locked(folder: string, { pid }: Contender): StoreError {
  return new StoreError("LOCKED", `the folder ${folder} is in use by another process (pid ${pid})`);
}
