/**
 * What knocks at a lost proxy prove. Its stream says little: control planes, tokens and networks end streams of proxies that live. A refusal says that
 * nothing listens, but firewalls refuse as well. So nothing counts unless the admin port of this Envoy was reached from here before.
 */
import type { KnockOutcome } from "./knock.ts";

export interface Verdict {
  /** Nobody is met there any more. */
  readonly gone: readonly string[];
  /** Somebody listens again where it was gone. */
  readonly back: readonly string[];
}

/** `traffic`: by place; those that were not knocked at are left out. */
export function verdictOf(
  admin: KnockOutcome,
  traffic: ReadonlyMap<string, KnockOutcome>,
  withdrawn: ReadonlySet<string>,
): Verdict {
  const places = [...traffic];
  const at = (meant: KnockOutcome): readonly string[] =>
    places.flatMap(([place, outcome]) => (outcome === meant ? [place] : []));
  return {
    // An Envoy that lives has a reason not to listen: it was told so, or drains.
    gone: admin === "refused" ? at("refused").filter((place) => !withdrawn.has(place)) : [],
    back: at("accepted").filter((place) => withdrawn.has(place)),
  };
}

const PAUSE_MIN_MS = 10;
const PAUSE_SOON_MS = 1_000;

/** Until the next round: soon at first, as a process that was killed closes its sockets one after another; later every second, and less often. */
export function pauseMs(lostForMs: number): number {
  return Math.max(PAUSE_MIN_MS, Math.min(lostForMs, PAUSE_SOON_MS), lostForMs / 10);
}
