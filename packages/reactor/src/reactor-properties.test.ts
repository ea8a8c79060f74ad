/** Random graphs and histories: the reactor against from-scratch computation, and its own rules at every step. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Collection, Read } from "./collection.ts";
import { graphRig } from "./graph-rig.ts";
import {
  type Batch,
  type NodeSpec,
  type Op,
  RandomGraph,
  randomGraph,
  randomHistory,
  type Spy,
  type Value,
} from "./random-graph.ts";
import { Reactor } from "./reactor.ts";
import { ReferenceGraph } from "./reference-graph.ts";

const RUNS = { numRuns: 300 };
const EVERYTHING = 100;

describe("random graphs and histories", { timeout: 300_000 }, () => {
  // Hypotheses: a dependency is lost when reads change between runs; a value that is absent, equal or failing hides a
  // later change; a contested key or a group of an index is left behind; a collection created late misses something.
  it("after every batch the reactor holds what the reference holds", () => {
    fc.assert(
      fc.property(randomGraph, randomHistory, (specs, history) => {
        const reactor = graphRig((options) => new Reactor(options));
        const reference = graphRig((options) => new ReferenceGraph(options));
        const [ours, expected] = [reactor, reference].map(
          ({ graph }) => new RandomGraph(graph, specs, { throws: true }),
        );
        if (ours === undefined || expected === undefined) return;
        const replicas = new Replicas(ours);
        for (const { ops, creates } of [...history, { ops: [], creates: EVERYTHING }]) {
          for (const { random, graph } of [
            { random: ours, graph: reactor.graph },
            { random: expected, graph: reference.graph },
          ]) {
            random.create(creates);
            random.write(ops);
            if (random === ours) replicas.follow();
            graph.flush();
          }
          expect(ours.content()).toEqual(expected.content());
          replicas.verify();
        }
      }),
      RUNS,
    );
  });

  it("order and grouping of writes change nothing", () => {
    fc.assert(
      fc.property(randomGraph, randomHistory, fc.infiniteStream(fc.nat({ max: 1_000 })), (specs, history, dice) => {
        const first = settled(specs, history);
        const last = new Map<string, Op>();
        for (const op of history.flatMap(({ ops }) => ops)) last.set(`${op.source} ${op.key}`, op);
        const shuffled = [...last.values()]
          .map((op) => ({ op, at: dice.next().value ?? 0 }))
          .sort((a, b) => a.at - b.at)
          .map(({ op, at }) => ({ ops: [op], creates: at % 3 }));
        expect(settled(specs, shuffled)).toEqual(first);
        expect(settled(specs, [{ ops: [...last.values()], creates: 0 }])).toEqual(first);
      }),
      RUNS,
    );
  });

  // Hypotheses: a function runs before something it reads has settled (and sees old and new together), or twice in a
  // batch, or although nothing that it saw has changed; an edge is counted at one end only, or survives its task.
  it("no function sees a value that is not final, runs twice in a batch, or runs for nothing", () => {
    fc.assert(
      fc.property(randomGraph, randomHistory, fc.boolean(), (specs, history, throws) => {
        const reactor = new Reactor({ schedule: () => {}, onError: () => {} });
        const witness = new Witness();
        const random = new RandomGraph(reactor, specs, { throws, spy: witness.spy });
        for (const { ops, creates } of [...history, { ops: [], creates: EVERYTHING }]) {
          random.create(creates);
          random.write(ops);
          reactor.flush();
          expect(witness.faults).toEqual([]);
          witness.verifyBatch();
          const dump = reactor.dump();
          const [dependencies, dependants] = [dump.map((one) => one.dependencies), dump.map((one) => one.dependants)];
          expect(total(dependencies)).toBe(total(dependants));
        }
      }),
      RUNS,
    );
  });

  it("nothing is left of what is gone", () => {
    fc.assert(
      fc.property(randomGraph, randomHistory, (specs, history) => {
        const reactor = new Reactor({ schedule: () => {}, onError: () => {} });
        const random = new RandomGraph(reactor, specs, { throws: true });
        random.create(EVERYTHING);
        for (const { ops } of history) {
          random.write(ops);
          reactor.flush();
        }
        for (const source of random.sources) source.replace([]);
        reactor.flush();
        const isConstant = new Set<string>();
        for (const { name, kind, inputs, size, dependencies, contested, failing } of reactor.dump()) {
          // What derives from a singleton goes on having an input.
          const derivesFrom = random.collections.find((one) => one.name === name);
          if (kind === "singleton" || inputs.some((one) => isConstant.has(one))) isConstant.add(name);
          else expect([derivesFrom?.size, size, dependencies, contested, failing]).toEqual([0, 0, 0, [], []]);
        }
      }),
      RUNS,
    );
  });
});

function settled(specs: readonly NodeSpec[], history: readonly Batch[]): Record<string, unknown> {
  const reactor = new Reactor({ schedule: () => {} });
  const random = new RandomGraph(reactor, specs, { throws: false });
  for (const { ops, creates } of [...history, { ops: [], creates: EVERYTHING }]) {
    random.create(creates);
    random.write(ops);
    reactor.flush();
  }
  return random.content();
}

const total = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);

/** Somebody who knows the changes only. */
class Replicas {
  readonly #random: RandomGraph;
  readonly #known = new Map<Collection<Value>, Map<string, Value>>();
  readonly #faults: string[] = [];

  constructor(random: RandomGraph) {
    this.#random = random;
  }

  follow(): void {
    for (const one of this.#random.collections) {
      if (this.#known.has(one)) continue;
      const known = new Map(one.entries());
      this.#known.set(one, known);
      one.subscribe((changes) => {
        if (changes.length === 0) this.#faults.push(`${one.name}: no changes`);
        let previous: string | undefined;
        for (const { key, before, after } of changes) {
          if (previous !== undefined && previous >= key) this.#faults.push(`${one.name} ${key}: order`);
          if (known.get(key) !== before) this.#faults.push(`${one.name} ${key}: before`);
          if (before === after || one.get(key) !== after) this.#faults.push(`${one.name} ${key}: after`);
          if (after === undefined) known.delete(key);
          else known.set(key, after);
          previous = key;
        }
      });
    }
  }

  verify(): void {
    expect(this.#faults).toEqual([]);
    for (const [one, known] of this.#known) expect(known).toEqual(new Map(one.entries()));
  }
}

/** Sees every call and everything that it is given; afterwards checks that it was right to happen, and right. */
class Witness {
  readonly faults: string[] = [];
  /** Per collection and key: how to see again what the last call saw. */
  readonly #seen = new Map<Collection<Value>, Map<string, Sight[]>>();
  readonly #inputs = new Map<Collection<Value>, Collection<Value> | undefined>();
  #calledInBatch = new Map<Collection<Value>, Set<string>>();

  readonly spy: Spy = ({ collection, from, key, input }, read) => {
    this.#inputs.set(collection, from);
    const called = this.#calledInBatch.get(collection) ?? new Set();
    this.#calledInBatch.set(collection, called);
    if (called.has(key)) this.faults.push(`${collection.name} ${key}: twice in one batch`);
    called.add(key);
    const byKey = this.#seen.get(collection) ?? new Map<string, Sight[]>();
    this.#seen.set(collection, byKey);
    const before = byKey.get(key);
    const hasSameInput = before?.some(({ isInput, value }) => isInput && value === input);
    if (before && hasSameInput && before.every(({ value, look }) => look === undefined || isSame(look(), value))) {
      this.faults.push(`${collection.name} ${key}: called for nothing`);
    }
    const sights: Sight[] = [{ isInput: true, value: input, look: undefined }];
    byKey.set(key, sights);
    return read === undefined ? NO_READ : spying(read, sights);
  };

  /** What was seen in this batch must be what is there now. */
  verifyBatch(): void {
    for (const [collection, keys] of this.#calledInBatch) {
      for (const key of keys) {
        for (const { value, look } of this.#seen.get(collection)?.get(key) ?? []) {
          if (look !== undefined) expect(isSame(look(), value)).toBe(true);
        }
      }
    }
    this.#calledInBatch = new Map();
    // A key that was gone in between starts anew: it has no call to be compared with.
    for (const [collection, byKey] of this.#seen) {
      const from = this.#inputs.get(collection);
      for (const key of byKey.keys()) if (from && !from.has(key)) byKey.delete(key);
    }
  }
}

interface Sight {
  readonly isInput: boolean;
  readonly value: unknown;
  readonly look: (() => unknown) | undefined;
}

const NOTHING: readonly never[] = [];

function spying(read: Read, sights: Sight[]): Read {
  const saw = <T>(value: T, look: () => unknown): T => {
    sights.push({ isInput: false, value, look });
    return value;
  };
  return {
    get: (collection, key) => saw(read.get(collection, key), () => collection.get(key)),
    lookup: (index, key) => saw(read.lookup(index, key), () => index.get(key) ?? NOTHING),
    value: (singleton) => saw(read.value(singleton), () => singleton.value),
    all: (collection) => {
      saw(everything(collection), () => everything(collection));
      return read.all(collection);
    },
    entries: (collection) => {
      saw(everything(collection), () => everything(collection));
      return read.entries(collection);
    },
  };
}

const everything = <V>(collection: Collection<V>): readonly unknown[] => [...collection.keys(), ...collection.values()];

const NO_READ = {} as Read;

function isSame(a: unknown, b: unknown): boolean {
  return (
    a === b || (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((one, i) => one === b[i]))
  );
}
