/**
 * Two control planes with one zone name. The newer connection is served, because the older is most often the remains of a
 * control plane that died without saying so. But two that live would throw each other out for ever, and the zone's
 * resources would flip with them: after three changes within a minute the one served stays. Decided by connection, for who
 * is behind one is not known before its first message.
 */

export const CHANGES_MAX = 3;
export const CHANGES_WINDOW_MS = 60_000;
export const DISPUTE_MS = 60_000;
/** Names remembered before those that are quiet again are looked for. */
const NAMES_SWEEP = 256;

export type NameVerdict = "replace" | "refuse";

/** What is remembered of one name. */
export interface NameHistory {
  /** When a connection replaced another that was being served; wall clock, ms, oldest first. */
  readonly changes: readonly number[];
  readonly disputedUntil: number;
}

export const NO_CONFLICT: NameHistory = { changes: [], disputedUntil: Number.NEGATIVE_INFINITY };

/** A newer connection claims the name that an older one is served under. Pure. */
export function judgeClaim(
  history: NameHistory,
  now: number,
): { readonly verdict: NameVerdict; readonly history: NameHistory } {
  if (now < history.disputedUntil) return { verdict: "refuse", history };
  const changes = history.changes.filter((at) => now - at < CHANGES_WINDOW_MS);
  if (changes.length >= CHANGES_MAX) {
    return { verdict: "refuse", history: { changes, disputedUntil: now + DISPUTE_MS } };
  }
  return { verdict: "replace", history: { changes: [...changes, now], disputedUntil: NO_CONFLICT.disputedUntil } };
}

/** The rule for all names of one global. */
export class ZoneNameConflicts {
  readonly #names = new Map<string, NameHistory>();

  /** `now`: wall clock, ms. */
  judge(zone: string, now: number): NameVerdict {
    const { verdict, history } = judgeClaim(this.#names.get(zone) ?? NO_CONFLICT, now);
    this.#names.set(zone, history);
    if (this.#names.size > NAMES_SWEEP) this.#sweep(now);
    return verdict;
  }

  /** Anyone can make up names. */
  #sweep(now: number): void {
    for (const [zone, { changes, disputedUntil }] of this.#names) {
      const last = changes.at(-1) ?? Number.NEGATIVE_INFINITY;
      if (now >= disputedUntil && now - last >= CHANGES_WINDOW_MS) this.#names.delete(zone);
    }
  }
}
