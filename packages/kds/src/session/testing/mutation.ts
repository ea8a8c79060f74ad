/** Wrong variants of single rules, switched on in the model's world to prove that the model would notice them. */
import type { Delta, DeltaResult, OutboxView } from "../../feed/outbox-view.ts";
import type { SenderEvent, SenderState } from "../sender.ts";
import type { OwnSender } from "../sender-tell.ts";
import type { FeedOutbox } from "./feed-outbox.ts";

export type Mutation =
  | "stale read after an event"
  | "cursor kept across a reconnect"
  | "no delete on a full first response"
  | "ACK before store"
  | "lost wake-up during a flight"
  | "first response before the store is loaded"
  | "a NACK taken for an ACK"
  | "a removal forgotten when the audience shrinks"
  | "the home zone gets its own back"
  | "an increment taken for a full list"
  | "an ACK taken for a request";

/** What the sender is told instead of the truth. */
export function mutatedEvent(mutation: Mutation | undefined, event: SenderEvent): SenderEvent {
  if (event.kind !== "request") return event;
  if (mutation === "a NACK taken for an ACK") return { ...event, error: undefined };
  return mutation === "an ACK taken for a request" ? { ...event, nonce: "" } : event;
}

/** What the sender reads instead of the outbox. */
export function mutatedView(mutation: Mutation | undefined, outbox: FeedOutbox, event: SenderEvent): OutboxView {
  const rewrite = (type: string, delta: Delta): Delta => {
    if (mutation === "lost wake-up during a flight" && event.kind === "request" && event.nonce !== "") {
      return { ...delta, upserts: [], removals: [] };
    }
    if (mutation === "a removal forgotten when the audience shrinks") {
      const isGone = (wireName: string): boolean => outbox.feed(type).get(wireName)?.resource === undefined;
      return { ...delta, removals: delta.removals.filter(isGone) };
    }
    return delta;
  };
  return {
    revision: outbox.revision,
    provides: (type) => outbox.provides(type),
    types: () => outbox.types(),
    head: (type) => outbox.head(type),
    end: (type) => outbox.end(type),
    count: (type, recipient) => outbox.count(type, recipient),
    pending: (type, recipient, cursor, options) => outbox.pending(type, recipient, cursor, options),
    lookup: (type, recipient, wireName) => outbox.lookup(type, recipient, wireName),
    delta: (type, recipient, cursor, maxBytes): DeltaResult => {
      const result = outbox.delta(type, recipient, cursor, maxBytes);
      return result.kind === "delta" ? { kind: "delta", ...rewrite(type, result) } : result;
    },
  };
}

/** Lets a new session go on where that of the last connection ended. */
export function keepCursors(sender: SenderState, before: SenderState | undefined): void {
  const { types } = sender as OwnSender;
  for (const [type, record] of (before as OwnSender | undefined)?.types ?? []) {
    types.set(type, { ...record, phase: "idle", flight: undefined });
  }
}
