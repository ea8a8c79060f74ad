import { describe, expect, it } from "vitest";
import type { OutboxChange } from "../feed/outbox.ts";
import { FanOut, type FanOutTarget, SESSIONS_PER_SLICE } from "./fan-out.ts";

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
      defer: (turn) => this.turns.push(turn),
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
  it("tells a slice of the sessions per turn, each once, and rests afterwards", () => {
    const rig = new Rig();
    const sessions = rig.sessions(2 * SESSIONS_PER_SLICE + 1);
    rig.commit("Mesh");
    const told = (): number => sessions.filter((changes) => changes.length === 1).length;
    expect([told(), rig.fanOut.waiting, rig.turns.length]).toEqual([0, 101, 1]);
    rig.turn();
    expect([told(), rig.turns.length]).toEqual([SESSIONS_PER_SLICE, 1]);
    rig.turn();
    rig.turn();
    expect([told(), rig.fanOut.waiting, rig.turns.length]).toEqual([101, 0, 0]);
  });

  it("tells commits that came meanwhile as one, without a second turn", () => {
    const rig = new Rig();
    const [first = [], last = []] = [rig.sessions(SESSIONS_PER_SLICE)[0], rig.sessions(1)[0]];
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
    const targets: FanOutTarget[] = Array.from({ length: 60 }, (_, i) => () => order.push(i));
    for (const target of targets) rig.fanOut.add(target);
    rig.commit("Mesh");
    rig.turn();
    rig.commit("Mesh");
    rig.turn();
    expect(order.slice(50, 60)).toEqual([50, 51, 52, 53, 54, 55, 56, 57, 58, 59]);
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
