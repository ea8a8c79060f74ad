/**
 * Which rows a source speaks for. On a zone the source is its global, on a global it is one zone; nothing that a source
 * sends can touch any other row. Source: kuma v2.14.3: pkg/kds/v2/store/sync.go.
 */
import { homeZone, isLocallyOriginated, type Labels, type TypeDescriptor } from "@isthmus/resources";

/** `zone`: on a zone its own name, on the global the zone that sends. */
export interface ReceivingSide {
  readonly kind: "zone" | "global";
  readonly zone: string;
}

/** Origin of rows that were written on the global, in hold ids and messages. */
export const GLOBAL_ORIGIN = "global";

/**
 * On a zone: everything of types that zones do not provide (so that a formerly standalone zone is taken over), and what
 * is marked as coming from elsewhere. On a global: what came from that zone, by the labels that the global itself wrote.
 */
export function isOfSource(descriptor: TypeDescriptor, row: { readonly labels: Labels }, side: ReceivingSide): boolean {
  if (side.kind === "global") return !isLocallyOriginated("global", row.labels) && homeZone(row) === side.zone;
  return !descriptor.kds.providedByZone || !isLocallyOriginated("zone", row.labels);
}

/** Whether the peer of this side may send the type at all. */
export function isProvidedBySource(descriptor: TypeDescriptor, side: ReceivingSide): boolean {
  const { providedByGlobal, providedByZone, consumedByZone, consumedByGlobal, acrossZones } = descriptor.kds;
  return side.kind === "global"
    ? providedByZone && consumedByGlobal
    : (providedByGlobal && consumedByZone) || acrossZones;
}

/** Home zone of a row, or `global`: what the brake counts by. */
export function originOf(row: { readonly labels: Labels }, side: ReceivingSide): string {
  return side.kind === "global" ? side.zone : (homeZone(row) ?? GLOBAL_ORIGIN);
}
