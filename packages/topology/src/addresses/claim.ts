/** Services that want an address, in the order in which they get one. */
import { creationKey } from "../model/creation-order.ts";
import type { VipHolder } from "./vip.ts";

export interface Claim {
  /** `keyOf` the service. */
  readonly key: string;
  readonly holder: VipHolder;
  /** `creationKey` of its time. */
  readonly at: string;
}

/** Older ones first, so that of two with the same address the newer one moves. */
export function inOrder(holders: Iterable<readonly [key: string, holder: VipHolder]>): readonly Claim[] {
  const claims: Claim[] = [];
  for (const [key, holder] of holders) claims.push({ key, holder, at: creationKey(holder.creationTime) });
  return claims.sort((a, b) => (a.at === b.at ? (a.key < b.key ? -1 : 1) : a.at < b.at ? -1 : 1));
}

export const entriesOf = (claims: readonly Claim[]): [string, VipHolder][] =>
  claims.map(({ key, holder }) => [key, holder]);
