/**
 * Kills a writing process at random moments and opens what it left: nothing acknowledged is lost, no commit is there by
 * halves, and the revision counts exactly the commits that are there.
 */
import { readdirSync } from "node:fs";
import { keyOf, type Resource } from "@isthmus/resources";
import { canonicalJson, systemClock } from "@isthmus/std";
import { seededRandom, tempFolder } from "@isthmus/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ReferenceModel } from "../reference-model.ts";
import type { Store } from "../store.ts";
import { bundleProgram, Child, type ChildProgram } from "./child-program.ts";
import { commitOf, headOf, WRITERS } from "./crash-workload.ts";
import { openLmdbStore } from "./lmdb-store.ts";

/** Repeat a failure's schedule, or kill more often, with these. */
const SEED = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000);
const KILLS = Number(process.env.CRASH_KILLS ?? 200);
/** Folders worked on at the same time. */
const LANES = 2;
/** So many generations of one folder, then a fresh one: creating a store is interrupted too. */
const GENERATIONS = 10;
/** Of the kills, those that hit a process while it opens the folder. */
const SHARE_AT_START = 0.3;
const START_MS = 15;
const WRITING_MS = 60;
const TYPES = ["Zone", "Mesh", "Dataplane"];

let program: ChildProgram;
const children = new Set<Child>();

beforeAll(async () => {
  program = await bundleProgram("crash-writer.ts");
});

afterAll(async () => {
  for (const child of children) child.kill();
  await Promise.all([...children].map((child) => child.ended));
  await program.remove();
});

it(`loses nothing acknowledged over ${KILLS} kills of the writing process`, {
  timeout: 120_000 + KILLS * 1_000,
}, async () => {
  const lanes = Array.from({ length: LANES }, (_, i) => new Lane(SEED + i, Math.ceil(KILLS / LANES)));
  try {
    await Promise.all(lanes.map((lane) => lane.run()));
  } catch (error) {
    throw new Error(`with CRASH_SEED=${SEED}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  const total = (count: (lane: Lane) => number): number => lanes.reduce((sum, lane) => sum + count(lane), 0);
  expect(total(({ kills }) => kills)).toBeGreaterThanOrEqual(KILLS);
  // Else it would have proved nothing.
  expect(total(({ acknowledged }) => acknowledged)).toBeGreaterThan(KILLS);
});

/** Folders one after the other, and the processes that are killed over them. */
class Lane {
  kills = 0;
  acknowledged = 0;
  readonly #random: () => number;
  readonly #planned: number;
  /** Started ahead, so that the time a process needs to start is not waited for. */
  #next: Child;

  constructor(seed: number, planned: number) {
    this.#random = seededRandom(seed);
    this.#planned = planned;
    this.#next = start();
  }

  async run(): Promise<void> {
    while (this.kills < this.#planned) {
      const folder = await tempFolder();
      const history = new History();
      try {
        for (let i = 0; i < GENERATIONS && this.kills < this.#planned; i += 1) await this.#kill(folder.path, history);
      } finally {
        await folder.remove();
      }
    }
    this.#next.kill();
  }

  async #kill(folder: string, history: History): Promise<void> {
    const child = this.#next;
    child.tell(folder);
    this.#next = start();
    const isAtStart = this.#random() < SHARE_AT_START;
    const delayMs = this.#random() * (isAtStart ? START_MS : WRITING_MS);
    if (!isAtStart) await child.line(0);
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    child.kill();
    const { signal, lines, stderr } = await child.ended;
    children.delete(child);
    expect([signal, stderr]).toEqual(["SIGKILL", ""]);
    this.kills += 1;
    this.acknowledged += history.acknowledge(lines);
    const store = await openLmdbStore({ folder, clock: systemClock });
    try {
      history.verify(store);
    } finally {
      await store.stop();
    }
    expect(readdirSync(folder).sort()).toEqual(["data.mdb", "data.mdb-lock", "isthmus-store.json"]);
  }
}

function start(): Child {
  const child = new Child(program);
  children.add(child);
  return child;
}

/** What must be in one folder: for each writer what its acknowledged commits lead to, and at most one commit more. */
class History {
  readonly #writers = Array.from({ length: WRITERS }, () => ({ model: new ReferenceModel(), n: 0, revision: 0 }));
  #historyId: string | undefined;
  #revision = 0;

  /** Returns how many commits the lines acknowledge. */
  acknowledge(lines: readonly string[]): number {
    const [opened, ...commits] = lines;
    if (opened === undefined) return 0;
    const [, revision, historyId] = opened.split(" ");
    this.#historyId ??= historyId;
    expect([revision, historyId]).toEqual([String(this.#revision), this.#historyId]);
    const revisions: number[] = [];
    for (const line of commits) {
      const [writer = -1, n, at = 0] = line.split(" ").map(Number);
      const state = this.#writers[writer];
      if (!state) throw new Error(`not an acknowledgement: ${line}`);
      this.#advance(writer);
      expect(n).toBe(state.n);
      state.revision = at;
      revisions.push(at);
    }
    // Of each revision one commit, resolved in order; only the last batch can be missing some.
    expect(revisions).toEqual(revisions.map((_, i) => this.#revision + 1 + i));
    this.#revision += revisions.length;
    return revisions.length;
  }

  verify(store: Store): void {
    this.#historyId ??= store.revision > 0 ? store.historyId : undefined;
    if (this.#historyId !== undefined) expect(store.historyId).toBe(this.#historyId);
    for (const [writer, state] of this.#writers.entries()) {
      const head = store.get(headOf(writer));
      const n = head?.spec.n ?? 0;
      // Each writer awaits its commits, so beyond what was acknowledged there can be one.
      expect([state.n, state.n + 1]).toContain(n);
      if (n === state.n) expect(head?.version ?? 0).toBe(state.revision);
      else {
        this.#advance(writer);
        expect(head?.version).toBeGreaterThan(this.#revision);
        state.revision = head?.version ?? 0;
      }
    }
    const expected = this.#writers.flatMap(({ model }) => TYPES.flatMap((type) => model.list(type)));
    const found = TYPES.flatMap((type) => store.list(type));
    expect(found.map(content).sort()).toEqual(expected.map(content).sort());
    // Every commit changes its head and thus takes one revision: no more and no fewer than there are commits.
    expect(store.revision).toBe(this.#writers.reduce((sum, { n }) => sum + n, 0));
    expect(Math.max(...this.#writers.map(({ revision }) => revision))).toBe(store.revision);
    for (const { version } of found) expect(version).toBeLessThanOrEqual(store.revision);
    this.#revision = store.revision;
  }

  #advance(writer: number): void {
    const state = this.#writers[writer];
    if (!state) return;
    state.n += 1;
    expect(state.model.commit(commitOf(writer, state.n), "").kind).toBe("committed");
  }
}

/** Without times, and without versions, which in a model count the commits of one writer. */
function content(resource: Resource): string {
  const { labels, spec, owner } = resource;
  return canonicalJson([keyOf(resource), labels, spec, owner ? keyOf(owner) : null]);
}
