/** References to services: making, comparing and naming them for people. */
import type { Service, ServiceRef } from "../model/service.ts";

export function refOf({ kind, mesh, name }: Service): ServiceRef {
  return { kind, mesh, name };
}

export function legacyRef(mesh: string, name: string): ServiceRef {
  return { kind: "legacy", mesh, name };
}

export function refKey({ kind, mesh, name }: ServiceRef): string {
  return `${kind}\u0000${mesh}\u0000${name}`;
}

/** `MeshService backend`, `kuma.io/service backend`. */
export function describeRef({ kind, name }: ServiceRef): string {
  return kind === "legacy" ? `kuma.io/service ${name}` : `${kind} ${name}`;
}

/** As its author named it, with the zone it is from: `MeshService backend of zone east`. */
export function describeService({ kind, displayName, namespace, zone }: Service): string {
  const name = namespace === "" ? displayName : `${displayName}.${namespace}`;
  return `${kind} ${name}${zone === "" ? "" : ` of zone ${zone}`}`;
}
