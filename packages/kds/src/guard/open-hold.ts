/** A hold as the registry keeps it: all keys, and the content that waits. */
import { keyOf, type Resource, type ResourceKey, type TypeDescriptor } from "@isthmus/resources";
import type { TimerHandle } from "@isthmus/std";
import type { ResourceDraft } from "@isthmus/store";
import type { ReceivingSide } from "../apply/receiving-side.ts";
import type { HoldCause } from "./brake.ts";
import { isBulk } from "./brake.ts";
import type { Hold } from "./hold.ts";

const SHOWN_KEYS_MAX = 20;
/** A hold that is justified by a stronger cause is not ended by the end of a weaker one. */
const STRENGTH: Readonly<Record<HoldCause, number>> = { bulk: 0, identity: 1, mesh: 2 };

export interface OpenHold {
  readonly id: string;
  readonly side: ReceivingSide;
  readonly descriptor: TypeDescriptor;
  readonly origin: string;
  readonly since: number;
  cause: HoldCause;
  reason: string;
  isInitial: boolean;
  state: Hold["state"];
  /** Rows when the hold began or grew. */
  of: number;
  /** Rows that the source no longer has and that are kept, by key text. */
  readonly kept: Map<string, ResourceKey>;
  /** Changed secrets and CA material that wait until nothing else of the source is held, by key text. */
  readonly withheld: Map<string, ResourceDraft>;
  /** Rows of live types that came instead of those that went. */
  replaced: number;
  /** Rows that went with their mesh: the source lacks them all the same. */
  excused: number;
  /** When the kept rows last changed: the hold time counts from here. */
  unchangedSince: number;
  timer: TimerHandle | undefined;
}

/** What one response adds to a hold. */
export interface HeldBack {
  readonly origin: string;
  readonly rows: readonly Resource[];
  readonly cause: HoldCause;
  readonly reason: string;
  readonly isInitial: boolean;
  readonly of: number;
  /** Rows that the same response deletes with their mesh. */
  readonly excused: number;
}

export function holdId(zone: string, type: string, origin: string): string {
  return `${zone}/${type}/${origin}`;
}

/** Returns whether rows were added. */
export function grow(hold: OpenHold, held: HeldBack, now: number): boolean {
  const before = hold.kept.size;
  for (const row of held.rows) hold.kept.set(keyOf(row), { type: row.type, mesh: row.mesh, name: row.name });
  if (before === 0 || STRENGTH[held.cause] >= STRENGTH[hold.cause]) {
    hold.cause = held.cause;
    hold.reason = held.reason;
    hold.isInitial = held.isInitial;
  }
  hold.excused += held.excused;
  if (hold.kept.size === before) return false;
  hold.of = Math.max(hold.of, held.of);
  hold.state = "held";
  hold.unchangedSince = now;
  return true;
}

/** Whether as much is still missing as the brake would stop. Only mass justifies itself by numbers. */
export function isJustified(hold: OpenHold): boolean {
  return hold.cause !== "bulk" || isBulk(hold.isInitial, hold.kept.size + hold.excused - hold.replaced, hold.of);
}

export function isEmpty(hold: OpenHold): boolean {
  return hold.kept.size === 0 && hold.withheld.size === 0;
}

/** As operators see it. */
export function shownHold(hold: OpenHold): Hold {
  const keys = [...hold.kept.values(), ...hold.withheld.values()].map(shownKey).sort();
  return {
    id: hold.id,
    zone: hold.side.zone,
    type: hold.descriptor.name,
    origin: hold.origin,
    reason: shownReason(hold),
    since: hold.since,
    keys: keys.slice(0, SHOWN_KEYS_MAX),
    wouldDelete: hold.kept.size,
    of: hold.of,
    state: hold.state,
  };
}

function shownReason({ kept, withheld, reason }: OpenHold): string {
  if (withheld.size === 0) return reason;
  const waiting = `${withheld.size} changed: not replaced by a source of which other content is held or in doubt`;
  return kept.size === 0 ? waiting : `${reason}; ${waiting}`;
}

function shownKey({ mesh, name }: ResourceKey): string {
  return mesh === "" ? name : `${mesh}/${name}`;
}
