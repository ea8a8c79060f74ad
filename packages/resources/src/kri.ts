/**
 * Kuma Resource Identifier: `kri_<short name>_<mesh>_<zone>_<namespace>_<name>_<section>`, the same on every control plane.
 * Source: kuma v2.14.3: pkg/core/kri/kri.go. A name that holds `_` does not survive the round trip; Kuma has the same.
 */
import { err, ok, type Result } from "@isthmus/std";
import { NAMESPACE_LABEL, ZONE_LABEL } from "./label-keys.ts";
import { displayName } from "./labels.ts";
import type { Registry } from "./registry.ts";
import type { Labels } from "./resource.ts";
import type { TypeDescriptor } from "./type-descriptor.ts";
import { goQuote } from "./validate/go-quote.ts";

export interface Kri {
  readonly type: string;
  readonly mesh: string;
  readonly zone: string;
  readonly namespace: string;
  /** Display name. */
  readonly name: string;
  /** Name of a port, inbound or listener; "" for the resource itself. */
  readonly section: string;
}

const SEGMENTS = 7;

/** Identity of a resource, whatever its type. `kriText` says whether it has a KRI. */
export function kriOf(resource: {
  readonly type: string;
  readonly mesh: string;
  readonly name: string;
  readonly labels: Labels;
}): Kri {
  return {
    type: resource.type,
    mesh: resource.mesh,
    zone: resource.labels[ZONE_LABEL] ?? "",
    namespace: resource.labels[NAMESPACE_LABEL] ?? "",
    name: displayName(resource),
    section: "",
  };
}

/** undefined for types without a short name. An overview has the KRI of what it describes: pass that descriptor. */
export function kriText(descriptor: TypeDescriptor, kri: Kri): string | undefined {
  if (descriptor.shortName === undefined) return undefined;
  return `kri_${descriptor.shortName}_${kri.mesh}_${kri.zone}_${kri.namespace}_${kri.name}_${kri.section}`;
}

export function parseKri(text: string, registry: Registry): Result<Kri, string> {
  const parts = text.split("_");
  if (parts.length < SEGMENTS) return err(`invalid identifier string: ${goQuote(text)}`);
  const [prefix = "", shortName = "", mesh = "", zone = "", namespace = "", name = "", ...section] = parts;
  if (prefix !== "kri") return err(`identifier must start with 'kri': ${goQuote(text)}`);
  const descriptor = registry.byShortName(shortName);
  if (descriptor === undefined) return err(`unknown short name of resource type: ${goQuote(shortName)}`);
  return ok({ type: descriptor.name, mesh, zone, namespace, name, section: section.join("") });
}

/** On a global what has no zone is its own, on a zone what has its name. */
export function isLocalKri(kri: Kri, ownZone: string | undefined): boolean {
  return kri.zone === (ownZone ?? "");
}
