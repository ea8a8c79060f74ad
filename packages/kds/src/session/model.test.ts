/**
 * Both sessions, outbox and ledger together: random writes, deliveries, breaks and crashes at random moments. Hypothesis:
 * some order of events loses a wake-up, deletes too much, or makes the ledger claim more than is stored. The mutations
 * prove that the model would notice.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Mutation } from "./testing/mutation.ts";
import { AUDIENCES, NAMES, type Step, SyncWorld, TYPES, ZONES } from "./testing/sync-world.ts";

const zone = fc.constantFrom(...ZONES);
const isStored = fc.boolean();

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("write" as const),
      type: fc.constantFrom(...TYPES),
      name: fc.constantFrom(...NAMES),
      content: fc.constantFrom("good" as const, "good" as const, "bad" as const, "gone" as const),
      audience: fc.constantFrom(...AUDIENCES),
    }),
  },
  {
    weight: 24,
    arbitrary: fc.record({ kind: fc.constantFrom("request" as const, "response" as const, "store" as const), zone }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("connect" as const), zone }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("block" as const, "drain" as const), zone }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("cut" as const), zone, isStored }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("crashSource" as const), isStored }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 5_000 }) }) },
  { weight: 1, arbitrary: fc.constant({ kind: "settle" as const }) },
);

const START: readonly Step[] = ZONES.map((name) => ({ kind: "connect", zone: name }));

function run(steps: readonly Step[], mutation?: Mutation): void {
  const world = new SyncWorld(mutation);
  for (const next of [...START, ...steps, { kind: "settle" } as const]) world.step(next);
}

const steps = fc.array(step, { minLength: 1, maxLength: 120, size: "max" });

describe("the model", () => {
  it("holds for every order of events", () => {
    fc.assert(
      fc.property(steps, (given) => run(given)),
      { numRuns: 500 },
    );
  });

  it.each<[Mutation, RegExp]>([
    ["stale read after an event", /convergence|ledger|acknowledged/],
    ["cursor kept across a reconnect", /spurious delete|convergence|ledger|acknowledged/],
    ["no delete on a full first response", /convergence|ledger|acknowledged/],
    ["ACK before store", /ledger|acknowledged|convergence/],
    ["lost wake-up during a flight", /convergence|ledger|acknowledged/],
    ["first response before the store is loaded", /spurious delete/],
    ["a NACK taken for an ACK", /ledger|acknowledged/],
    ["a removal forgotten when the audience shrinks", /convergence|ledger|acknowledged/],
    ["the home zone gets its own back", /not entitled/],
    ["an increment taken for a full list", /spurious delete/],
    ["an ACK taken for a request", /one in flight|quiescence/],
  ])("notices: %s", (mutation, expected) => {
    const details = fc.check(
      fc.property(steps, (given) => run(given, mutation)),
      { numRuns: 1_000, seed: 1, endOnFailure: true },
    );
    expect(details.failed).toBe(true);
    expect(String(details.errorInstance)).toMatch(expected);
  });
});
