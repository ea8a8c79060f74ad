import { describe, expect, it } from "vitest";
import type { OutboxChange } from "../feed/outbox.ts";
import { FanOut, type FanOutTarget, SESSIONS_AT_ONCE, SESSIONS_PER_SLICE } from "./fan-out.ts";

/** An outbox that commits on demand, and turns of the event loop that come when the test says so. */
class Rig {
  readonly turns: (() => void)[] = [];
  readonly fanOut: FanOut;
  #listener: ((change: OutboxChange) => void) | undefined;
  #revision = 0;

  constructor() {
    this.fanOut = new FanOut({
      outbox: {
        subscribe: (listener) => {
          this.#listener = listener;
          return () => {
            this.#listener = undefined;
          };
        },
      },
      soon: (slice) => this.turns.push(slice),
      defer: (slice) => this.turns.push(slice),
    });
    this.fanOut.start();
  }

  commit(...types: readonly string[]): void {
    this.#revision += 1;
    this.#listener?.({ types: new Set(types), revision: this.#revision, committedAt: this.#revision * 100 });
  }

  turn(): void {
    this.turns.shift()?.();
  }

  /** Sessions that write down what they are told. */
  sessions(count: number): OutboxChange[][] {
    return Array.from({ length: count }, () => {
      const told: OutboxChange[] = [];
      this.fanOut.add((change) => told.push(change));
      return told;
    });
  }
}

describe("fan-out", () => {
  it("tells a few sessions at once, a slice of the others per turn, each once, and rests afterwards", () => {
    const rig = new Rig();
    const all = SESSIONS_AT_ONCE + 2 * SESSIONS_PER_SLICE + 1;
    const sessions = rig.sessions(all);
    rig.commit("Mesh");
    const told = (): number => sessions.filter((changes) => changes.length === 1).length;
    expect([told(), rig.fanOut.waiting, rig.turns.length]).toEqual([0, all, 1]);
    rig.turn();
    expect([told(), rig.turns.length]).toEqual([SESSIONS_AT_ONCE, 1]);
    rig.turn();
    expect([told(), rig.turns.length]).toEqual([SESSIONS_AT_ONCE + SESSIONS_PER_SLICE, 1]);
    rig.turn();
    rig.turn();
    expect([told(), rig.fanOut.waiting, rig.turns.length]).toEqual([all, 0, 0]);
  });

  it("tells in the turn of the commit, after those that are made with it", async () => {
    const told: OutboxChange[] = [];
    let commit: (change: OutboxChange) => void = () => {};
    const fanOut = new FanOut({
      outbox: {
        subscribe(listener) {
          commit = listener;
          return () => {};
        },
      },
    });
    fanOut.start();
    fanOut.add((change) => told.push(change));
    const isLaterTurn = new Promise((resolve) => setImmediate(() => resolve(told.length)));
    commit({ types: new Set(["Mesh"]), revision: 1, committedAt: 100 });
    commit({ types: new Set(["Secret"]), revision: 2, committedAt: 200 });
    expect(told).toEqual([]);
    expect(await isLaterTurn).toBe(1);
    expect(told).toEqual([{ types: new Set(["Mesh", "Secret"]), revision: 2, committedAt: 100 }]);
  });

  it("tells commits that came meanwhile as one, without a second turn", () => {
    const rig = new Rig();
    const [first = [], last = []] = [rig.sessions(SESSIONS_AT_ONCE)[0], rig.sessions(1)[0]];
    rig.commit("Mesh");
    rig.turn();
    rig.commit("Secret", "Mesh");
    rig.commit("Config");
    expect(rig.turns).toHaveLength(1);
    rig.turn();
    rig.turn();
    expect(first.map((change) => [...change.types].toSorted())).toEqual([["Mesh"], ["Config", "Mesh", "Secret"]]);
    expect(last).toHaveLength(1);
    expect([...(last[0]?.types ?? [])].toSorted()).toEqual(["Config", "Mesh", "Secret"]);
    expect(last[0]).toMatchObject({ revision: 3, committedAt: 100 });
  });

  it("keeps the order of turns: a session that waits is not overtaken by one that was just told", () => {
    const rig = new Rig();
    const order: number[] = [];
    const targets: FanOutTarget[] = Array.from({ length: 20 }, (_, i) => () => order.push(i));
    for (const target of targets) rig.fanOut.add(target);
    rig.commit("Mesh");
    rig.turn();
    rig.commit("Mesh");
    rig.turn();
    expect(order.slice(SESSIONS_AT_ONCE, 20)).toEqual([16, 17, 18, 19]);
  });

  it("forgets sessions that ended while they waited, and everything when stopped", () => {
    const rig = new Rig();
    let told = 0;
    const release = rig.fanOut.add(() => {
      told += 1;
    });
    rig.commit("Mesh");
    release();
    rig.turn();
    expect([told, rig.fanOut.waiting]).toEqual([0, 0]);
    rig.sessions(1);
    rig.commit("Mesh");
    rig.fanOut.stop();
    rig.turn();
    rig.commit("Mesh");
    expect([rig.fanOut.waiting, rig.turns.length]).toEqual([0, 0]);
  });
});
