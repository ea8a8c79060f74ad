/** A15: the table of SPEC.md, cell by cell. A missing or superfluous cell does not compile. */
import { describe, expect, it } from "vitest";
import type { AdsStimulus } from "./ads-session.ts";
import type { AdsEffect, AdsPhase, AdsVariant } from "./ads-state.ts";
import { AdsRig } from "./testing/ads-rig.ts";

type Effect = "send" | "wakeAt" | "acked" | "nacked" | "staleNonce" | "foreignNonce" | "converged";
interface Cell {
  readonly phase: AdsPhase;
  readonly effects: readonly Effect[];
}

const cell = (phase: AdsPhase, ...effects: readonly Effect[]): Cell => ({ phase, effects });

/** Of endpoints, named: `a` exists. `waiting` is by a blocked stream, with new content to tell. */
const TABLE: { readonly [P in AdsPhase]: { readonly [S in AdsStimulus]: Cell } } = {
  unsubscribed: {
    ask: cell("flying", "send"),
    confirm: cell("flying", "send"),
    reject: cell("flying", "send"),
    stale: cell("flying", "send"),
    foreign: cell("flying", "send"),
    changed: cell("unsubscribed", "converged"),
    released: cell("unsubscribed"),
  },
  idle: {
    ask: cell("flying", "send"),
    confirm: cell("idle"),
    reject: cell("idle", "staleNonce"),
    stale: cell("idle", "staleNonce"),
    foreign: cell("idle", "foreignNonce"),
    changed: cell("flying", "send"),
    released: cell("idle"),
  },
  flying: {
    ask: cell("flying"),
    confirm: cell("idle", "acked", "converged"),
    // The message names nothing, so the peer is brought back to what it had.
    reject: cell("flying", "nacked", "send"),
    stale: cell("flying", "staleNonce"),
    foreign: cell("flying", "foreignNonce"),
    changed: cell("flying"),
    released: cell("flying"),
  },
  waiting: {
    ask: cell("waiting"),
    confirm: cell("waiting"),
    reject: cell("waiting", "staleNonce"),
    stale: cell("waiting", "staleNonce"),
    foreign: cell("waiting", "foreignNonce"),
    changed: cell("waiting"),
    released: cell("flying", "send"),
  },
};

/** In all phases but the first, nonce "2" belongs to an earlier response, and "1" to another type. */
const ARRANGE: { readonly [P in AdsPhase]: (rig: AdsRig) => void } = {
  unsubscribed: (rig) => {
    rig.snapshot({ eds: { a: "1" }, sds: { cert: "1" } });
    subscribe(rig, "sds", "cert");
    rig.ack("sds");
  },
  idle: (rig) => {
    ARRANGE.unsubscribed(rig);
    subscribe(rig, "eds", "a");
    rig.ack("eds");
    rig.snapshot({ eds: { a: "2" }, sds: { cert: "1" } });
    rig.ack("eds");
  },
  flying: (rig) => {
    ARRANGE.idle(rig);
    rig.snapshot({ eds: { a: "3" }, sds: { cert: "1" } });
  },
  waiting: (rig) => {
    ARRANGE.idle(rig);
    rig.step({ kind: "blocked" });
    rig.snapshot({ eds: { a: "3" }, sds: { cert: "1" } });
  },
};

const APPLY: { readonly [S in AdsStimulus]: (rig: AdsRig) => readonly AdsEffect[] } = {
  ask: (rig) => say(rig, ""),
  confirm: (rig) => say(rig, lastNonce(rig)),
  reject: (rig) => say(rig, lastNonce(rig), "no"),
  stale: (rig) => say(rig, "2"),
  foreign: (rig) => say(rig, "99"),
  changed: (rig) => rig.snapshot({ eds: { a: "4" }, sds: { cert: "1" } }),
  released: (rig) => rig.step({ kind: "drained" }),
};

function subscribe(rig: AdsRig, type: "eds" | "sds", name: string): void {
  if (rig.state.variant === "state") rig.request(type, [name]);
  else rig.delta(type, [`+${name}`]);
}

function say(rig: AdsRig, nonce: string, error?: string): readonly AdsEffect[] {
  if (rig.state.variant === "state") return rig.request("eds", ["a"], nonce, error);
  const isFirst = !rig.state.types.has("type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment");
  return rig.delta("eds", isFirst ? ["+a"] : [], { nonce, ...(error === undefined ? {} : { error }) });
}

function lastNonce(rig: AdsRig): string {
  return phaseOf(rig) === "unsubscribed" ? "3" : rig.type("eds").lastNonce;
}

function phaseOf(rig: AdsRig): AdsPhase {
  return (
    rig.state.types.get("type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment")?.phase ?? "unsubscribed"
  );
}

/** In the delta variant a request without nonce only changes the subscription, so these cells are different there. */
const DELTA_CELLS: { readonly [P in AdsPhase]?: { readonly [S in AdsStimulus]?: Cell } } = {
  idle: { ask: cell("idle") },
};

describe.each(["state", "delta"] as const)("A15: transitions, %s", (variant: AdsVariant) => {
  for (const phase of Object.keys(TABLE) as AdsPhase[]) {
    for (const stimulus of Object.keys(TABLE[phase]) as AdsStimulus[]) {
      it(`${phase} x ${stimulus}`, () => {
        const rig = new AdsRig(variant);
        ARRANGE[phase](rig);
        expect(phaseOf(rig)).toBe(phase);
        const effects = APPLY[stimulus](rig).map((effect) => (effect.kind === "note" ? effect.note : effect.kind));
        const special = variant === "delta" ? DELTA_CELLS[phase]?.[stimulus] : undefined;
        const expected = special ?? TABLE[phase][stimulus];
        expect(effects).toEqual(expected.effects);
        expect(phaseOf(rig)).toBe(expected.phase);
      });
    }
  }
});
