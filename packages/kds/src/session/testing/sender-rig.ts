/** One sender session with its clock and outbox, driven by short calls; keeps all effects. For tests. */
import { ALL_FEATURES } from "../../mapping/features.ts";
import {
  createSender,
  type SenderEffect,
  type SenderEvent,
  type SenderRequest,
  type SenderState,
  type SenderTypeState,
  stepSender,
} from "../sender.ts";
import { FeedOutbox, type FeedWrite } from "./feed-outbox.ts";

export type Send = Extract<SenderEffect, { kind: "send" }>;

export class SenderRig {
  now = 1_000_000;
  readonly outbox: FeedOutbox;
  readonly state: SenderState;
  readonly maxMessageBytes: number;

  constructor(
    options: { types?: readonly string[]; zone?: string; maxMessageBytes?: number; takesIntents?: boolean } = {},
  ) {
    const { types = ["T", "U"], zone = "east", maxMessageBytes = 1_000_000, takesIntents = false } = options;
    this.outbox = new FeedOutbox(
      types,
      (type) => this.state.types.get(type)?.cursor?.revision ?? Number.POSITIVE_INFINITY,
    );
    this.maxMessageBytes = maxMessageBytes;
    this.state = createSender({ zone, features: ALL_FEATURES, takesIntents, openedAt: this.now });
  }

  step(event: SenderEvent): readonly SenderEffect[] {
    return stepSender(this.state, event, {
      outboxFor: () => this.outbox,
      maxMessageBytes: this.maxMessageBytes,
      now: this.now,
    });
  }

  request(request: Partial<SenderRequest>): readonly SenderEffect[] {
    return this.step({
      kind: "request",
      type: "T",
      nonce: "",
      subscribe: [],
      unsubscribe: [],
      initialVersions: new Map(),
      error: undefined,
      features: undefined,
      held: undefined,
      ...request,
    });
  }

  subscribe(type = "T"): readonly SenderEffect[] {
    return this.request({ type, subscribe: ["*"] });
  }

  ack(nonce: string, type = "T"): readonly SenderEffect[] {
    return this.request({ type, nonce });
  }

  nack(nonce: string, error: string, type = "T"): readonly SenderEffect[] {
    return this.request({ type, nonce, error, subscribe: ["*"] });
  }

  /** A commit, told to the session as the shell would. */
  commit(...writes: readonly FeedWrite[]): readonly SenderEffect[] {
    const types = this.outbox.commit(this.now, ...writes);
    return types.size === 0
      ? []
      : this.step({ kind: "changed", types, revision: this.outbox.revision, committedAt: this.now });
  }

  type(type = "T"): SenderTypeState {
    const record = this.state.types.get(type);
    if (record === undefined) throw new Error(`${type} is not subscribed`);
    return record;
  }
}

export function sends(effects: readonly SenderEffect[]): readonly Send[] {
  return effects.filter((effect) => effect.kind === "send");
}

/** `+name=version -name` per resource: what a response says. */
export function said(send: Send | undefined): string {
  if (send === undefined) return "nothing";
  const upserts = send.upserts.map((upsert) => `+${upsert.wireName}=${upsert.version}`);
  return [...upserts, ...send.removals.map((name) => `-${name}`)].join(" ");
}
