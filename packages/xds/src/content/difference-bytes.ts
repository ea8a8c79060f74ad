/**
 * What changed between two sets, as it stands in a response. Many proxies go from the one to the other: from the second of them on they are told the same
 * bytes, kept for as long as the difference itself.
 */
import { joined } from "@isthmus/grpc-kit";
import type { AdsVariant } from "../session/ads-state.ts";
import type { EncodedResource } from "./encoded-resource.ts";

/** By `SetDifference.upserts`. Without bytes: asked for once. */
type Kept = WeakMap<readonly EncodedResource[], { bytes: Uint8Array | undefined; readonly size: number }>;
const KEPT: Readonly<Record<AdsVariant, Kept>> = { state: new WeakMap(), delta: new WeakMap() };

export interface DifferenceBytes {
  readonly size: number;
  /** In one part, or in some of which each is made when it is asked for. */
  readonly parts: () => Iterable<Uint8Array>;
}

export function differenceBytes(upserts: readonly EncodedResource[], variant: AdsVariant): DifferenceBytes {
  const frames = (): Uint8Array[] => upserts.map((each) => (variant === "state" ? each.stateFrame : each.deltaFrame));
  const kept = KEPT[variant].get(upserts);
  if (kept === undefined) {
    const made = frames();
    const size = made.reduce((sum, { byteLength }) => sum + byteLength, 0);
    KEPT[variant].set(upserts, { bytes: undefined, size });
    return { size, parts: () => joined(made) };
  }
  const bytes = (kept.bytes ??= Buffer.concat(frames(), kept.size));
  return { size: kept.size, parts: () => [bytes] };
}
