/**
 * The process that gets killed. Told a folder, it opens it, says what it found (`open <revision> <history id>`) and
 * commits as fast as it can, for each commit that resolved saying `<writer> <n> <revision>`: written synchronously,
 * so that an acknowledgement is out before anything else happens.
 */
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { systemClock } from "@isthmus/std";
import type { Store } from "../store.ts";
import { commitOf, headOf, WRITERS } from "./crash-workload.ts";
import { openLmdbStore } from "./lmdb-store.ts";

const STDOUT = 1;

const input = createInterface({ input: process.stdin });
input.once("line", (folder) => void run(folder));
// The test is gone, however it ended.
input.once("close", () => process.exit());

async function run(folder: string): Promise<void> {
  const store = await openLmdbStore({ folder, clock: systemClock });
  say(`open ${store.revision} ${store.historyId}`);
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(store, writer)));
}

async function write(store: Store, writer: number): Promise<void> {
  const found = store.get(headOf(writer))?.spec.n;
  for (let n = typeof found === "number" ? found + 1 : 1; ; n += 1) {
    const { revision } = await store.commit(commitOf(writer, n));
    say(`${writer} ${n} ${revision}`);
  }
}

function say(line: string): void {
  writeSync(STDOUT, `${line}\n`);
}
