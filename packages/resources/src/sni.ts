/**
 * Server names of destinations, derived from the KRI: `sni.<short>.<mesh>[.<zone>[.<namespace>]].<name>.<section>`.
 * Source: kuma v2.14.3: pkg/core/resources/sni/sni.go, rest/v1alpha1/resource.go.
 */
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import { type Kri, kriOf } from "./kri.ts";
import { byteLength, dns1123LabelErrors } from "./kubernetes-names.ts";
import type { Labels, Resource } from "./resource.ts";
import type { TypeDescriptor } from "./type-descriptor.ts";

export interface SniSection {
  readonly port: number;
  /** Last segment of the name: the port's name, else its number. */
  readonly section: string;
}

const HOSTNAME_MAX_BYTES = 253;

/** Ports of a destination that have a name of their own: those of `spec.ports`, or the one of `spec.match`. */
export function sniSections(descriptor: TypeDescriptor, spec: JsonObject): readonly SniSection[] {
  if (!descriptor.isDestination) return [];
  const { ports, match } = spec;
  if (Array.isArray(ports)) return (ports as readonly JsonValue[]).flatMap(sectionOfPort);
  // The match of an external service has no name, its port number always stands for it.
  return isJsonObject(match) && typeof match.port === "number" ? [{ port: match.port, section: `${match.port}` }] : [];
}

/** Text of the name of one section, or undefined for types that are no destination. */
export function sniText(descriptor: TypeDescriptor, kri: Kri): string | undefined {
  if (!descriptor.isDestination || descriptor.shortName === undefined) return undefined;
  const origin = kri.zone === "" ? [] : kri.namespace === "" ? [kri.zone] : [kri.zone, kri.namespace];
  return ["sni", descriptor.shortName, kri.mesh, ...origin, kri.name, kri.section].join(".");
}

/** The `snis` member of a destination on REST, by port; empty for all others. */
export function snisOf(
  descriptor: TypeDescriptor,
  resource: Pick<Resource, "type" | "mesh" | "name" | "spec"> & { readonly labels: Labels },
): readonly { readonly port: number; readonly sni: string }[] {
  const kri = kriOf(resource);
  return sniSections(descriptor, resource.spec)
    .map(({ port, section }) => ({ port, sni: sniText(descriptor, { ...kri, section }) ?? "" }))
    .sort((a, b) => a.port - b.port);
}

/** Warnings for names that are no valid host name. */
export function sniDeprecations(descriptor: TypeDescriptor, resource: Resource): readonly string[] {
  const kri = kriOf(resource);
  return sniSections(descriptor, resource.spec).flatMap(({ section }) =>
    sniErrors(descriptor, { ...kri, section }).map(
      (reason) => `Invalid ${descriptor.name} SNI (port ${JSON.stringify(section)}): ${reason}. This is deprecated.`,
    ),
  );
}

/** Why the name cannot be a server name; empty when it can. */
export function sniErrors(descriptor: TypeDescriptor, kri: Kri): readonly string[] {
  if (kri.mesh === "" || kri.name === "" || kri.section === "") {
    return ["mesh, name and sectionName must be non-empty"];
  }
  const fields: [string, string][] = [
    ["mesh", kri.mesh],
    ["name", kri.name],
  ];
  if (kri.zone !== "") fields.push(["zone", kri.zone]);
  if (kri.zone !== "" && kri.namespace !== "") fields.push(["namespace", kri.namespace]);
  const errors = fields.flatMap(([field, value]) => {
    const reasons = dns1123LabelErrors(value);
    return reasons.length === 0
      ? []
      : [`${field} ${JSON.stringify(value)} does not conform to RFC 1123: ${reasons.join("; ")}`];
  });
  const reasons = dns1123LabelErrors(kri.section);
  if (reasons.length > 0) errors.push(reasons.join("; "));
  const length = byteLength(sniText(descriptor, kri) ?? "");
  if (length > HOSTNAME_MAX_BYTES) {
    errors.push(`computed SNI is ${length} characters which exceeds the DNS hostname limit (${HOSTNAME_MAX_BYTES})`);
  }
  return errors;
}

function sectionOfPort(port: JsonValue): SniSection[] {
  if (!isJsonObject(port) || typeof port.port !== "number") return [];
  return [{ port: port.port, section: typeof port.name === "string" && port.name !== "" ? port.name : `${port.port}` }];
}
