/**
 * `Node` of a DeltaDiscoveryRequest: who asks. Metadata goes with the first request of each type, the id with every one
 * (a Kuma peer does not survive a request without node). Source: kuma v2.14.3: pkg/kds/v2/client/stream.go.
 */
import { isJsonObject, type JsonObject } from "@isthmus/std";
import { type FeatureSet, featureSetOf, NODE_FEATURES } from "../mapping/features.ts";

export interface BuildVersion {
  readonly version: string;
  readonly gitTag: string;
  readonly gitCommit: string;
  readonly buildDate: string;
}

export interface NodeIdentity {
  /** The zone name, on both streams and in both directions. */
  readonly zone: string;
  /** `<host>-<4 characters>` of the control plane that speaks. */
  readonly instanceId: string;
  readonly version: BuildVersion;
  /** A zone's effective configuration as JSON with secrets masked; a global sends "". */
  readonly config: string;
}

/** What a peer said about itself; members that it left out or misspelt are undefined. */
export interface PeerInfo {
  /** 0 when metadata came without features. */
  readonly features: FeatureSet;
  readonly instanceId: string | undefined;
  readonly version: Partial<BuildVersion> | undefined;
  readonly config: string | undefined;
}

export function nodeMetadata(identity: NodeIdentity): JsonObject {
  const { version, gitTag, gitCommit, buildDate } = identity.version;
  return {
    version: { kumaCp: { version, gitTag, gitCommit, buildDate } },
    config: identity.config,
    "control-plane-id": identity.instanceId,
    features: NODE_FEATURES,
  };
}

/** Believes nothing: wrong kinds of values count as absent. */
export function readPeerInfo(metadata: JsonObject): PeerInfo {
  const features = Array.isArray(metadata.features) ? (metadata.features as readonly unknown[]) : [];
  const version = isJsonObject(metadata.version) ? metadata.version.kumaCp : undefined;
  return {
    features: featureSetOf(features.filter((name) => typeof name === "string")),
    instanceId: textOf(metadata["control-plane-id"]),
    version: isJsonObject(version) ? readVersion(version) : undefined,
    config: textOf(metadata.config),
  };
}

function readVersion(version: JsonObject): Partial<BuildVersion> {
  const read: Record<string, string> = {};
  for (const key of ["version", "gitTag", "gitCommit", "buildDate"]) {
    const text = textOf(version[key]);
    if (text !== undefined) read[key] = text;
  }
  return read;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
