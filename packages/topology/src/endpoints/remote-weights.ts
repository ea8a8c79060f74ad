/**
 * Weights of the addresses of a remote zone.
 *
 * Kuma gives each address weight 1, so that a zone with one instance gets as much as one with ten. `isthmus` shares the number
 * of healthy instances among the addresses. Envoy wants whole numbers of at least 1: the first addresses get what does not
 * divide, and a zone with fewer instances than addresses counts as one instance for each.
 */
import type { RemoteWeights } from "../world/world.ts";

export interface Share {
  readonly weight: number;
  /** The arithmetic, for people. */
  readonly reason: string;
}

/** `healthy`: instances behind all the addresses together; undefined when the owner does not say. */
export function remoteShares(mode: RemoteWeights, healthy: number | undefined, addresses: number): readonly Share[] {
  return Array.from({ length: addresses }, (_, index) => remoteShare(mode, healthy, addresses, index));
}

function remoteShare(mode: RemoteWeights, healthy: number | undefined, addresses: number, index: number): Share {
  if (mode === "kuma") return { weight: 1, reason: "1 for each address" };
  if (healthy === undefined) return { weight: 1, reason: "1: its zone does not say how many instances are healthy" };
  const weight = Math.floor(healthy / addresses) + (index < healthy % addresses ? 1 : 0);
  const sum = `${count(healthy, "healthy instance")} / ${count(addresses, "address", "addresses")}`;
  return weight === 0 ? { weight: 1, reason: `${sum}, at least 1` } : { weight, reason: sum };
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
