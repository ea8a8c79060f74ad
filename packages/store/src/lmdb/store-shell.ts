/**
 * A store that tests drive from another process: one command a line in JSON, one answer a line. For what cannot be done
 * to the process of the tests: giving up root, another file system, limits, an end by force.
 */
import { closeSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { systemClock } from "@isthmus/std";
import { StoreError } from "../errors.ts";
import type { Op, Store } from "../store.ts";
import { openLmdbStore } from "./lmdb-store.ts";

export type ShellCommand =
  | { readonly do: "open"; readonly folder: string }
  /** All at once, so that they share a batch. */
  | { readonly do: "commit"; readonly commits: readonly (readonly Op[])[] }
  | { readonly do: "state"; readonly type: string }
  | { readonly do: "stop" }
  | { readonly do: "remove"; readonly file: string }
  /** Writes into `file` until so much is left of its file system. */
  | { readonly do: "fill"; readonly file: string; readonly leaveBytes: number }
  | { readonly do: "become"; readonly uid: number };

export type ShellAnswer =
  | { readonly ok: unknown }
  | { readonly error: { readonly code: string | undefined; readonly message: string } };

const STDOUT = 1;
const CHUNK = Buffer.alloc(4_096);

let store: Store | undefined;

async function run(command: ShellCommand): Promise<unknown> {
  switch (command.do) {
    case "open":
      store = await openLmdbStore({ folder: command.folder, clock: systemClock });
      return { revision: store.revision, historyId: store.historyId };
    case "commit":
      return Promise.all(
        command.commits.map((ops) =>
          settle(
            opened()
              .commit(ops)
              .then(({ revision }) => revision),
          ),
        ),
      );
    case "state": {
      const list = opened().list(command.type);
      return [opened().revision, list.map(({ name, version }) => [name, version])];
    }
    case "stop":
      return opened().stop();
    case "remove":
      return rmSync(command.file);
    case "fill":
      return fill(command.file, command.leaveBytes);
    case "become":
      process.setgroups?.([]);
      process.setgid?.(command.uid);
      return process.setuid?.(command.uid);
  }
}

function opened(): Store {
  if (!store) throw new Error("no store is open");
  return store;
}

function fill(file: string, leaveBytes: number): void {
  const descriptor = openSync(file, "a");
  try {
    for (;;) {
      const { bavail, bsize } = statfsSync(file);
      if (bavail * bsize <= leaveBytes) return;
      writeSync(descriptor, CHUNK);
    }
  } finally {
    closeSync(descriptor);
  }
}

async function settle(promise: Promise<unknown>): Promise<ShellAnswer> {
  try {
    return { ok: (await promise) ?? null };
  } catch (error) {
    const code = error instanceof StoreError ? error.code : undefined;
    return { error: { code, message: String(error) } };
  }
}

// Commands are carried out one after the other.
let last: Promise<unknown> = Promise.resolve();
const input = createInterface({ input: process.stdin });
input.on("line", (line) => {
  last = last.then(async () => {
    const answer = await settle(run(JSON.parse(line) as ShellCommand));
    writeSync(STDOUT, `${JSON.stringify(answer)}\n`);
  });
});
// The test is gone, or has had enough: as if it were killed.
input.once("close", () => process.exit());
