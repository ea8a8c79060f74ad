/** The ledger of a zone in one line, and the question behind `isthmus sync status --max-age`. */
import type { SyncRow, SyncState, SyncStatus, WorstRow, ZoneSync } from "./sync-status.ts";

/** Of two rows of equal age the one with the higher number is the worse. */
const SEVERITY: { readonly [S in SyncState]: number } = {
  synced: 0,
  unsubscribed: 1,
  held: 2,
  pending: 3,
  rejected: 4,
  oversize: 5,
};

export interface Connection {
  /** Wall clock, ms. */
  readonly connectedAt: number;
  readonly address?: string;
  readonly version?: string;
  readonly instanceId?: string;
  readonly isIsthmus: boolean;
}

export function onlineZone(zone: string, connection: Connection, rows: readonly SyncRow[]): ZoneSync {
  return { zone, online: true, ...connection, worst: worstOf(rows), rows };
}

/** Nothing is known of what an absent zone stores: its age is that of its absence. */
export function offlineZone(zone: string, lastSeenAt: number | undefined, now: number): ZoneSync {
  const oldestUnackedSeconds = lastSeenAt === undefined ? 0 : Math.max(0, (now - lastSeenAt) / 1000);
  return { zone, online: false, isIsthmus: false, worst: { state: "pending", oldestUnackedSeconds }, rows: [] };
}

/** The row with the oldest change that is not known to be stored. */
export function worstOf(rows: readonly SyncRow[]): WorstRow {
  let worst: SyncRow | undefined;
  for (const row of rows) if (worst === undefined || isWorse(row, worst)) worst = row;
  if (worst === undefined || isSettled(worst)) return { state: "synced", oldestUnackedSeconds: 0 };
  const { state, type, direction, oldestUnackedSeconds } = worst;
  return { state, type, direction, oldestUnackedSeconds };
}

/**
 * Whether every zone is online and has stored everything, changes younger than `maxAgeSeconds` left aside. Held and
 * rejected resources are not stored, so they count with the age of their change.
 */
export function isInSync(status: Pick<SyncStatus, "zones">, options: { readonly maxAgeSeconds: number }): boolean {
  return status.zones.every(
    (zone) =>
      zone.online && zone.rows.every((row) => isSettled(row) || row.oldestUnackedSeconds < options.maxAgeSeconds),
  );
}

/** A type that the peer never asked for is not one that it lacks. */
function isSettled(row: SyncRow): boolean {
  return row.state === "synced" || row.state === "unsubscribed";
}

function isWorse(row: SyncRow, than: SyncRow): boolean {
  if (row.oldestUnackedSeconds !== than.oldestUnackedSeconds) {
    return row.oldestUnackedSeconds > than.oldestUnackedSeconds;
  }
  return SEVERITY[row.state] > SEVERITY[than.state];
}
