/**
 * gRPC headers with which peers introduce themselves. Kuma reads `client-id` and `features`; the `isthmus-` ones are an
 * extension that Kuma peers neither send nor read. Source: kuma v2.14.3: pkg/kds/mux/client.go, pkg/kds/features.go.
 */
import { firstValue, type Metadata, metadataOf, splitValues } from "@isthmus/grpc-kit";
import {
  EXTENSION_HOLDS,
  EXTENSION_INTENT,
  HEADER_FEATURE_HASH_SUFFIX,
  HEADER_FEATURE_PING_HEALTH,
} from "../mapping/features.ts";

const CLIENT_ID = "client-id";
const FEATURES = "features";
const ISTHMUS_FEATURES = "isthmus-features";
const ISTHMUS_HISTORY = "isthmus-history";

/** What only Isthmus peers tell each other. */
export interface Extensions {
  readonly isIsthmus: boolean;
  readonly takesIntents: boolean;
  readonly tellsHolds: boolean;
  /** History of the peer's store. */
  readonly historyId: string | undefined;
}

/** A peer that has not said anything of itself, as every Kuma peer. */
export const NO_EXTENSIONS: Extensions = {
  isIsthmus: false,
  takesIntents: false,
  tellsHolds: false,
  historyId: undefined,
};

export interface ZoneHeaders extends Extensions {
  /** Undefined or empty: the header is missing. */
  readonly clientId: string | undefined;
  /** The zone pings, and may be given up when it no longer does. */
  readonly pingsHealth: boolean;
  readonly hasHashedNames: boolean;
  readonly authorization: string | undefined;
}

export function readZoneHeaders(metadata: Metadata): ZoneHeaders {
  const features = splitValues(metadata, FEATURES);
  return {
    ...readExtensions(metadata),
    clientId: firstValue(metadata, CLIENT_ID),
    pingsHealth: features.includes(HEADER_FEATURE_PING_HEALTH),
    hasHashedNames: features.includes(HEADER_FEATURE_HASH_SUFFIX),
    authorization: firstValue(metadata, "authorization"),
  };
}

export function readExtensions(metadata: Metadata): Extensions {
  const features = splitValues(metadata, ISTHMUS_FEATURES);
  return {
    isIsthmus: metadata.get(ISTHMUS_FEATURES).length > 0,
    takesIntents: features.includes(EXTENSION_INTENT),
    tellsHolds: features.includes(EXTENSION_HOLDS),
    historyId: firstValue(metadata, ISTHMUS_HISTORY) || undefined,
  };
}

/** On each of the six calls. The two features are two header fields: Kuma compares whole values. */
export function zoneHeaders(zone: string, version: string, historyId: string, authorization?: string): Metadata {
  return metadataOf({
    [CLIENT_ID]: zone,
    [FEATURES]: [HEADER_FEATURE_PING_HEALTH, HEADER_FEATURE_HASH_SUFFIX],
    "kds-version": "v3",
    version,
    ...(authorization === undefined ? {} : { authorization }),
    ...extensionEntries(historyId),
  });
}

/** Response headers of a global on the sync streams. */
export function globalHeaders(historyId: string): Metadata {
  return metadataOf(extensionEntries(historyId));
}

function extensionEntries(historyId: string): Record<string, string> {
  return { [ISTHMUS_FEATURES]: `${EXTENSION_INTENT},${EXTENSION_HOLDS}`, [ISTHMUS_HISTORY]: historyId };
}
