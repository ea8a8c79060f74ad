/**
 * On the global: a MeshTrust that one zone made is given to all zones, so that proxies of different zones trust each other. On Kuma an
 * operator copies it by hand. A copy goes by the name and zone of its origin, follows it, and is deleted with it.
 */
import { displayName, homeZone, objectOf, objectsOf, type Resource, textOf } from "@isthmus/resources";
import { jsonEquals } from "@isthmus/std";
import type { Op, ResourceDraft } from "@isthmus/store";

const TYPE = "MeshTrust";
/** On a copy: the zone that it is of. */
export const TRUST_OF_ZONE_LABEL = "isthmus.io/trust-of-zone";
const NAME_MAX_LENGTH = 253;

/** `labels`: what the global puts on what it makes in a mesh. */
export function planTrustExchange(
  trusts: readonly Resource[],
  labels: (mesh: string, name: string) => Readonly<Record<string, string>>,
): readonly Op[] {
  const copies = new Map(trusts.filter(isCopy).map((copy) => [keyOf(copy.mesh, copy.name), copy]));
  const foreign = trusts.filter((trust) => homeZone(trust) === undefined && !isCopy(trust));
  const ops: Op[] = [];
  for (const trust of trusts) {
    const zone = isCopy(trust) ? undefined : homeZone(trust);
    if (zone === undefined || isCovered(trust, foreign)) continue;
    const name = copyName(trust, zone);
    const key = keyOf(trust.mesh, name);
    const copy = copies.get(key);
    copies.delete(key);
    const draft: ResourceDraft = {
      type: TYPE,
      mesh: trust.mesh,
      name,
      labels: { ...labels(trust.mesh, name), [TRUST_OF_ZONE_LABEL]: zone },
      spec: trust.spec,
    };
    if (copy === undefined) ops.push({ kind: "put", resource: draft, expect: "absent" });
    else if (!jsonEquals(copy.spec, trust.spec)) ops.push({ kind: "put", resource: draft, expect: copy.version });
  }
  const orphans = [...copies.values()].map(
    ({ type, mesh, name, version }): Op => ({ kind: "delete", key: { type, mesh, name }, expect: version }),
  );
  return [...ops, ...orphans];
}

function isCopy(trust: Resource): boolean {
  return trust.labels[TRUST_OF_ZONE_LABEL] !== undefined;
}

/** An operator has copied it already: the same CAs for the same trust domain. */
function isCovered(trust: Resource, foreign: readonly Resource[]): boolean {
  const domain = textOf(trust.spec, "trustDomain");
  const known = new Set(
    foreign
      .filter((each) => each.mesh === trust.mesh && textOf(each.spec, "trustDomain") === domain)
      .flatMap(certificatesOf),
  );
  return certificatesOf(trust).every((certificate) => known.has(certificate));
}

/** PEM texts of a MeshTrust. */
export function certificatesOf(trust: Resource): readonly string[] {
  return objectsOf(trust.spec, "caBundles").flatMap((bundle) => {
    const text = textOf(objectOf(bundle, "pem"), "value").trim();
    return text === "" ? [] : [text];
  });
}

function copyName(trust: Resource, zone: string): string {
  return `${displayName(trust)}-of-${zone}`.slice(0, NAME_MAX_LENGTH).replace(/[-.]+$/, "");
}

const keyOf = (mesh: string, name: string): string => `${mesh}\u0000${name}`;
