/** One receiver session driven by short calls. For tests. */
import type { ApplyOutcome, ReceivedBatch, ReceivedResource, Rejection } from "../received-resource.ts";
import {
  createReceiver,
  type ReceivedResponse,
  type ReceiverEffect,
  type ReceiverEvent,
  type ReceiverState,
  type ReceiverTypeState,
  stepReceiver,
} from "../receiver.ts";

export const NOTHING_REJECTED: ApplyOutcome = {
  rejected: [],
  held: 0,
  holds: [],
  created: 0,
  updated: 0,
  deleted: 0,
  rewrites: 0,
  durationMs: 1,
};

export class ReceiverRig {
  now = 1_000_000;
  readonly state: ReceiverState;

  constructor(options: { takesHolds?: boolean } = {}) {
    this.state = createReceiver({ zone: "east", takesHolds: options.takesHolds ?? false, openedAt: this.now });
  }

  step(event: ReceiverEvent): readonly ReceiverEffect[] {
    return stepReceiver(this.state, event, { now: this.now });
  }

  open(...types: readonly string[]): readonly ReceiverEffect[] {
    return this.step({ kind: "opened", types });
  }

  respond(nonce: string, response: Partial<ReceivedResponse> = {}): readonly ReceiverEffect[] {
    return this.step({
      kind: "response",
      type: "T",
      nonce,
      upserts: [],
      removed: [],
      invalid: [],
      intents: [],
      bytes: 10,
      ...response,
    });
  }

  applied(nonce: string, outcome: Partial<ApplyOutcome> = {}, type = "T"): readonly ReceiverEffect[] {
    return this.step({ kind: "applied", type, nonce, outcome: { ...NOTHING_REJECTED, ...outcome } });
  }

  type(type = "T"): ReceiverTypeState {
    const record = this.state.types.get(type);
    if (record === undefined) throw new Error(`${type} is not subscribed`);
    return record;
  }
}

export function upsert(name: string, version = "1"): ReceivedResource {
  return { wireName: `${name}.`, version, resource: { type: "T", mesh: "", name, labels: {}, spec: {} } };
}

export function rejection(name: string, reason = "spec: no", kind: Rejection["kind"] = "invalid"): Rejection {
  return { wireName: `${name}.`, kind, reason };
}

export function batchOf(effects: readonly ReceiverEffect[]): ReceivedBatch | undefined {
  for (const effect of effects) if (effect.kind === "apply") return effect.batch;
  return undefined;
}

/** Without notes. */
export function actions(effects: readonly ReceiverEffect[]): readonly ReceiverEffect[] {
  return effects.filter((effect) => effect.kind !== "note");
}
