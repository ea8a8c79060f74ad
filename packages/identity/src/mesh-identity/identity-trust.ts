/**
 * The MeshTrust of a MeshIdentity: the CA of this zone, for everybody who has to trust its proxies. A new CA is added to those that are
 * there, so that certificates of the old one stay good. Source: kuma v2.14.3: meshidentity/status/updater.go `createOrUpdateMeshTrust`.
 */
import { objectOf, objectsOf, type Resource, textOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import type { Op } from "@isthmus/store";
import type { IdentityContext } from "./plan-mesh-identity.ts";

/** Undefined: it is as it should be. */
export function identityTrust(
  identity: Resource,
  cert: string,
  trustDomain: string,
  { trust, kri, labels }: Pick<IdentityContext, "trust" | "kri" | "labels">,
): Op | undefined {
  const bundle: JsonObject = { type: "Pem", pem: { value: cert } };
  if (trust === undefined) {
    return {
      kind: "put",
      resource: {
        type: "MeshTrust",
        mesh: identity.mesh,
        name: identity.name,
        labels,
        spec: { trustDomain, caBundles: [bundle] },
        status: { origin: { kri } },
        owner: { type: identity.type, mesh: identity.mesh, name: identity.name },
      },
      expect: "absent",
    };
  }
  const bundles = objectsOf(trust.spec, "caBundles");
  const isKnown = bundles.some((each) => textOf(objectOf(each, "pem"), "value").trim() === cert.trim());
  // One that somebody else made under this name is theirs.
  if (isKnown || textOf(objectOf(trust.status ?? {}, "origin"), "kri") !== kri) return undefined;
  const { type, mesh, name } = trust;
  const resource = { type, mesh, name, labels: trust.labels, spec: { ...trust.spec, caBundles: [...bundles, bundle] } };
  return {
    kind: "put",
    resource: trust.status === undefined ? resource : { ...resource, status: trust.status },
    expect: trust.version,
  };
}
