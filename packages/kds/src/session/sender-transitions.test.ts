/** S16: the table of SPEC.md, cell by cell. A missing or superfluous cell does not compile. */
import { describe, expect, it } from "vitest";
import type { SenderPhase, SenderStimulus } from "./sender.ts";
import { SenderRig } from "./testing/sender-rig.ts";

type Effect = "send" | "nothing" | "staleNonce" | "foreignNonce" | "acked" | "nacked";
interface Cell {
  readonly effects: readonly Effect[];
  readonly phase: SenderPhase;
}

const cell = (phase: SenderPhase, ...effects: readonly Effect[]): Cell => ({ phase, effects });

const TABLE: { readonly [P in SenderPhase]: { readonly [S in SenderStimulus]: Cell } } = {
  unsubscribed: {
    poll: cell("flying", "send"),
    confirm: cell("flying", "send"),
    reject: cell("flying", "send"),
    foreign: cell("flying", "send"),
    changed: cell("unsubscribed"),
    drained: cell("unsubscribed"),
  },
  idle: {
    poll: cell("flying", "send"),
    confirm: cell("idle", "staleNonce"),
    reject: cell("idle", "staleNonce"),
    foreign: cell("idle", "foreignNonce"),
    changed: cell("flying", "send"),
    drained: cell("idle"),
  },
  flying: {
    poll: cell("flying", "send"),
    confirm: cell("idle", "acked"),
    reject: cell("idle", "nacked"),
    foreign: cell("idle", "foreignNonce"),
    changed: cell("flying"),
    drained: cell("flying"),
  },
  waiting: {
    poll: cell("waiting"),
    confirm: cell("waiting", "staleNonce"),
    reject: cell("waiting", "staleNonce"),
    foreign: cell("waiting", "foreignNonce"),
    changed: cell("waiting"),
    drained: cell("flying", "send"),
  },
  oversize: {
    poll: cell("oversize"),
    confirm: cell("oversize", "staleNonce"),
    reject: cell("oversize", "staleNonce"),
    foreign: cell("oversize", "foreignNonce"),
    changed: cell("oversize"),
    drained: cell("oversize"),
  },
};

/** Brings type T into the phase; "1" is an issued nonce in all of them, and the flight's where there is one. */
const ARRANGE: { readonly [P in SenderPhase]: (rig: SenderRig) => void } = {
  unsubscribed: (rig) => rig.subscribe("U"),
  idle: (rig) => {
    rig.subscribe();
    rig.ack("1");
  },
  flying: (rig) => rig.subscribe(),
  waiting: (rig) => {
    rig.subscribe();
    rig.ack("1");
    rig.step({ kind: "blocked" });
    rig.commit({ name: "x", content: "1" });
  },
  oversize: (rig) => {
    rig.subscribe("U");
    rig.ack("1", "U");
    for (const name of ["a", "b", "c"]) rig.commit({ name, content: "1" });
    rig.subscribe();
  },
};

const APPLY: { readonly [S in SenderStimulus]: (rig: SenderRig) => ReturnType<SenderRig["step"]> } = {
  poll: (rig) => rig.request({}),
  confirm: (rig) => rig.ack("1"),
  reject: (rig) => rig.nack("1", "no"),
  foreign: (rig) => rig.ack("made-up"),
  changed: (rig) => rig.commit({ name: "new", content: "1" }),
  drained: (rig) => rig.step({ kind: "drained" }),
};

describe("S16: sender transitions", () => {
  for (const phase of Object.keys(TABLE) as SenderPhase[]) {
    for (const stimulus of Object.keys(TABLE[phase]) as SenderStimulus[]) {
      it(`${phase} x ${stimulus}`, () => {
        const rig = new SenderRig({ maxMessageBytes: 4_096 + 250 });
        ARRANGE[phase](rig);
        expect(rig.state.types.get("T")?.phase ?? "unsubscribed").toBe(phase);
        const effects = APPLY[stimulus](rig).map((effect) => (effect.kind === "note" ? effect.note : effect.kind));
        const expected = TABLE[phase][stimulus];
        expect(effects).toEqual(expected.effects);
        expect(rig.state.types.get("T")?.phase ?? "unsubscribed").toBe(expected.phase);
      });
    }
  }
});
