/** R12: the table of SPEC.md, cell by cell. A missing or superfluous cell does not compile. */
import { describe, expect, it } from "vitest";
import type { ReceiverPhase, ReceiverStimulus } from "./receiver.ts";
import { ReceiverRig } from "./testing/receiver-rig.ts";

type Effect = "subscribe" | "apply" | "ack" | "nack" | "endStream" | "applied" | "refusedType" | "strayResult";
interface Cell {
  readonly effects: readonly Effect[];
  readonly phase: ReceiverPhase;
}

const cell = (phase: ReceiverPhase, ...effects: readonly Effect[]): Cell => ({ phase, effects });

const TABLE: { readonly [P in ReceiverPhase]: { readonly [S in ReceiverStimulus]: Cell } } = {
  unsubscribed: {
    subscribe: cell("subscribed", "subscribe"),
    response: cell("unsubscribed", "refusedType", "nack"),
    applied: cell("unsubscribed", "strayResult"),
    storeFailed: cell("unsubscribed", "strayResult"),
    held: cell("unsubscribed"),
  },
  subscribed: {
    subscribe: cell("subscribed"),
    response: cell("applying", "apply"),
    applied: cell("subscribed", "strayResult"),
    storeFailed: cell("subscribed", "strayResult"),
    held: cell("subscribed"),
  },
  applying: {
    subscribe: cell("applying"),
    response: cell("applying"),
    applied: cell("idle", "applied", "ack"),
    storeFailed: cell("applying", "endStream"),
    held: cell("applying"),
  },
  idle: {
    subscribe: cell("idle"),
    response: cell("applying", "apply"),
    applied: cell("idle", "strayResult"),
    storeFailed: cell("idle", "strayResult"),
    held: cell("idle", "ack"),
  },
};

const ARRANGE: { readonly [P in ReceiverPhase]: (rig: ReceiverRig) => void } = {
  unsubscribed: (rig) => rig.open("U"),
  subscribed: (rig) => rig.open("T"),
  applying: (rig) => {
    rig.open("T");
    rig.respond("1");
  },
  idle: (rig) => {
    rig.open("T");
    rig.respond("1");
    rig.applied("1");
  },
};

const APPLY: { readonly [S in ReceiverStimulus]: (rig: ReceiverRig) => ReturnType<ReceiverRig["step"]> } = {
  subscribe: (rig) => rig.open("T"),
  response: (rig) => rig.respond("2"),
  applied: (rig) => rig.applied("1"),
  storeFailed: (rig) => rig.step({ kind: "storeFailed", type: "T", nonce: "1", reason: "disk full" }),
  held: (rig) => rig.step({ kind: "held", type: "T", holds: ["east/T/global"] }),
};

describe("R12: receiver transitions", () => {
  for (const phase of Object.keys(TABLE) as ReceiverPhase[]) {
    for (const stimulus of Object.keys(TABLE[phase]) as ReceiverStimulus[]) {
      it(`${phase} x ${stimulus}`, () => {
        const rig = new ReceiverRig({ takesHolds: true });
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
