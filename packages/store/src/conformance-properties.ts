/** Random histories against the reference model: what it says after every step is what a store must say. */
import { keyOf, type Resource, type ResourceKey } from "@isthmus/resources";
import { jsonEquals } from "@isthmus/std";
import { FakeClock } from "@isthmus/testkit";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { StoreRig, StoreRigFactory } from "./conformance.ts";
import { StoreError } from "./errors.ts";
import { type ModelOutcome, ReferenceModel } from "./reference-model.ts";
import type { CommitEvent, CommitResult, Op, Store } from "./store.ts";
import { rfc3339 } from "./stored-resource.ts";

const RUNS = 60;
const KEYS: readonly ResourceKey[] = [
  { type: "Mesh", mesh: "", name: "m1" },
  { type: "Mesh", mesh: "", name: "m2" },
  ...["m1", "m2"].flatMap((mesh) =>
    ["a", "b", "c"].flatMap((name) => ["Dataplane", "DataplaneInsight"].map((type) => ({ type, mesh, name }))),
  ),
];
const TYPES = ["Mesh", "Dataplane", "DataplaneInsight"];

/** Versions are chosen when the commit is made: the model knows which one is right. */
interface OpPlan {
  readonly isPut: boolean;
  readonly key: ResourceKey;
  readonly owner: ResourceKey | undefined;
  readonly content: number;
  readonly expect: "anything" | "absent" | "current" | "wrong";
}

type Step =
  | { readonly kind: "commits"; readonly commits: readonly (readonly OpPlan[])[] }
  | { readonly kind: "time"; readonly ms: number }
  | { readonly kind: "reopen" };

const key = fc.constantFrom(...KEYS);
const op: fc.Arbitrary<OpPlan> = fc.record({
  isPut: fc.boolean(),
  key,
  owner: fc.option(key, { nil: undefined }),
  content: fc.nat({ max: 3 }),
  expect: fc.oneof(
    { weight: 6, arbitrary: fc.constant("anything" as const) },
    { weight: 1, arbitrary: fc.constantFrom("absent" as const, "current" as const, "wrong" as const) },
  ),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc
      .array(fc.array(op, { maxLength: 4 }), { minLength: 1, maxLength: 5 })
      .map((commits): Step => ({ kind: "commits", commits })),
  },
  { weight: 2, arbitrary: fc.nat({ max: 5_000 }).map((ms): Step => ({ kind: "time", ms })) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: "reopen" }) },
);

export function describeStoreProperties(createRig: StoreRigFactory): void {
  // Hypotheses: a failing commit leaves a trace in its batch; a cascade forgets or takes too much; a list or the feed
  // serves something old; an event does not say what happened; a reopened store differs from the one that was closed.
  it("agrees with the reference model over random histories", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const clock = new FakeClock();
        const rig = await createRig({ clock });
        try {
          await run(steps, rig, clock);
        } finally {
          await rig.dispose();
        }
      }),
      { numRuns: RUNS },
    );
  });
}

async function run(steps: readonly Step[], rig: StoreRig, clock: FakeClock): Promise<void> {
  const model = new ReferenceModel();
  let store = rig.store;
  let replica = new Replica(store, 0);
  let feedStart = 0;
  for (const current of steps) {
    if (current.kind === "time") clock.advance(current.ms);
    else if (current.kind === "reopen") {
      if (!rig.reopen) continue;
      store = await rig.reopen();
      replica = new Replica(store, store.revision);
      feedStart = store.revision;
    } else {
      const results: Promise<CommitResult>[] = [];
      const expected: ModelOutcome[] = [];
      for (const plans of current.commits) {
        const ops = plans.map((plan) => concrete(plan, model));
        expected.push(model.commit(ops, rfc3339(clock.now())));
        results.push(store.commit(ops));
      }
      expect((await Promise.allSettled(results)).map(outcome)).toEqual(expected.map(flat));
    }
    compare(store, model, feedStart);
    replica.verify(store);
  }
}

function concrete({ isPut, key: target, owner, content, expect: expectation }: OpPlan, model: ReferenceModel): Op {
  const version = model.get(keyOf(target))?.version;
  const right = expectation === "current" ? version : undefined;
  const number = expectation === "wrong" ? (version ?? 0) + 1 : right;
  if (!isPut) return { kind: "delete", key: target, ...(number !== undefined && { expect: number }) };
  const expected = expectation === "absent" ? "absent" : number;
  const resource = {
    ...target,
    labels: content % 2 === 0 ? {} : { l: `${content}` },
    spec: { n: content >> 1 },
    ...(target.type === "DataplaneInsight" && { status: { n: content } }),
    ...(content === 3 && { opaqueSpec: new Uint8Array([content]) }),
    ...(owner && { owner }),
  };
  return { kind: "put", resource, ...(expected !== undefined && { expect: expected }) };
}

function outcome(result: PromiseSettledResult<CommitResult>): unknown {
  if (result.status === "rejected") return result.reason instanceof StoreError ? result.reason.code : result.reason;
  const { revision, changes } = result.value;
  return { revision, changed: changes.map((change) => keyOf(change.key)).sort() };
}

function flat(expected: ModelOutcome): unknown {
  if (expected.kind === "rejected") return expected.code;
  return { revision: expected.revision, changed: [...expected.changed].sort() };
}

function compare(store: Store, model: ReferenceModel, feedStart: number): void {
  expect(store.revision).toBe(model.revision);
  for (const type of TYPES) {
    expect(store.list(type)).toEqual(model.list(type));
    expect(store.count(type)).toBe(model.list(type).length);
    for (const mesh of ["", "m1", "m2"]) expect(store.list(type, { mesh })).toEqual(model.list(type, mesh));
  }
  for (const one of KEYS) expect(store.get(one)).toEqual(model.get(keyOf(one)));
  for (let cursor = Math.max(0, feedStart - 1); cursor <= store.revision + 1; cursor += 1) {
    const changes = store.changes(cursor);
    expect(changes.kind).toBe(cursor < feedStart || cursor > store.revision ? "reset" : "changes");
    if (changes.kind === "reset") continue;
    const texts = changes.keys.map(keyOf);
    expect(texts.length).toBe(new Set(texts).size);
    expect(new Set(texts)).toEqual(model.changedAfter(cursor));
  }
}

/** Somebody who knows the events only. */
class Replica {
  readonly #resources = new Map<string, Resource>();
  #revision: number;
  readonly #faults: string[] = [];

  constructor(store: Store, revision: number) {
    this.#revision = revision;
    for (const type of TYPES) for (const resource of store.list(type)) this.#resources.set(keyOf(resource), resource);
    store.subscribe((event) => this.#apply(event, store));
  }

  verify(store: Store): void {
    expect(this.#faults).toEqual([]);
    expect(this.#revision).toBe(store.revision);
    const all = TYPES.flatMap((type) => store.list(type));
    expect(new Map(all.map((resource) => [keyOf(resource), resource]))).toEqual(this.#resources);
  }

  #apply({ revision, changes }: CommitEvent, store: Store): void {
    if (revision !== this.#revision + 1 || store.revision !== revision) this.#fault(`revision ${revision}`);
    this.#revision = revision;
    for (const { key: changed, before, after } of changes) {
      const text = keyOf(changed);
      if (this.#resources.get(text) !== before) this.#fault(`${text} was something else before`);
      if (before === after) this.#fault(`${text} did not change`);
      if (after && before) this.#checkIdentity(before, after);
      if (after?.owner && !this.#resources.has(keyOf(after.owner))) this.#fault(`${text} came before its owner`);
      if (after) this.#resources.set(text, after);
      else this.#resources.delete(text);
      if (store.get(changed) !== after) this.#fault(`${text} is not what readers see`);
    }
    for (const resource of this.#resources.values()) {
      if (resource.owner && !this.#resources.has(keyOf(resource.owner)))
        this.#fault(`${keyOf(resource)} lost its owner`);
    }
  }

  #checkIdentity(before: Resource, after: Resource): void {
    if (after.creationTime !== before.creationTime) return;
    for (const part of ["labels", "spec", "status"] as const) {
      const isCopy = before[part] !== after[part] && jsonEquals(before[part], after[part]);
      if (isCopy && !this.#wasRecreated(before, after)) this.#fault(`${keyOf(after)} has a needless copy of ${part}`);
    }
  }

  /** Deleted and made again within one commit and one millisecond: told apart only by what an update never changes. */
  #wasRecreated(before: Resource, after: Resource): boolean {
    return before.modificationTime === after.modificationTime || before.owner !== after.owner;
  }

  #fault(text: string): void {
    this.#faults.push(text);
  }
}
