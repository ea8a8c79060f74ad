/** What our translation makes for the proxies that were recorded. */
import { policyOf } from "@isthmus/policy";
import { caSecretName, identitySecretName, nameIn, snapshotWorld, type World } from "@isthmus/topology";
import type { EnvoyConfig } from "../draft/finish.ts";
import { traitsOf } from "../proxy-metadata.ts";
import { translateSidecar } from "../sidecar/sidecar.ts";
import type { MeshTls, TlsIdentities } from "../tls/tls-identities.ts";
import { DEFAULT_SETTINGS, type Translation } from "../translation.ts";
import { translateZoneEgress } from "../zone-proxy/zone-egress.ts";
import { translateZoneIngress } from "../zone-proxy/zone-ingress.ts";
import { recordedProxy, recordedWorld } from "./recorded.ts";

/** Of the meshes with `Mesh.mtls`. */
function meshTls(mesh: string): MeshTls {
  const isUnified = mesh === "unified";
  return {
    kind: "mesh",
    mode: "STRICT",
    identitySecret: nameIn(isUnified, identitySecretName(mesh)),
    caSecret: nameIn(isUnified, caSecretName(mesh)),
    trustDomains: [],
  };
}

const WORKLOAD_TLS: MeshTls = {
  kind: "workload",
  identitySecret: "kri_mid_idm___identity_",
  caSecret: "system_trust_bundle",
  spiffeId: "spiffe://idm.west.mesh.local/workload/bweb",
  trustDomains: ["idm.east.mesh.local", "idm.west.mesh.local"],
};

const IDENTITIES: TlsIdentities = { of: (mesh) => (mesh === "idm" ? WORKLOAD_TLS : meshTls(mesh)) };

export const RECORDED_PROXIES = [
  ["profile-a", "west", "west-web-1"],
  ["profile-a", "east", "east-backend-1"],
  ["profile-a", "west", "west-backend-1"],
  ["profile-a", "east", "east-ingress"],
  ["profile-a", "west", "west-ingress"],
  ["profile-a", "east", "east-egress"],
  ["profile-a", "west", "west-egress"],
  ["profile-b", "west", "west-bweb-1"],
  ["profile-b", "west", "west-bbackend-1"],
  ["profile-b", "east", "east-bbackend-1"],
  ["profile-b", "east", "east-zp"],
  ["profile-b", "west", "west-zp"],
  ["profile-b", "west", "west-tp"],
  ["watched-plain", "west", "web-1"],
  ["watched-plain", "west", "shop-1"],
  ["watched-unified", "west", "web-1"],
  ["watched-unified", "west", "shop-1"],
] as const;

/** `admin`: what the admin listener shows and trusts. */
export function recordedConfiguration(
  profile: string,
  zone: string,
  name: string,
  admin: { readonly cert: string; readonly key: string },
): EnvoyConfig {
  const world = snapshotWorld(recordedWorld(profile, zone, name), { zone, remoteWeights: "kuma", systemNamespace: "" });
  const adminTls = { certificate: admin.cert, key: admin.key, ca: admin.cert, clientName: "kuma-cp" };
  const mesh = world.meshes().find((each) => world.proxy(each.name, name) !== undefined)?.name ?? "default";
  return translate(name, world, {
    world,
    traits: traitsOf(recordedProxy(profile, name).metadata, { mesh, name }, adminTls),
    identities: IDENTITIES,
    settings: { ...DEFAULT_SETTINGS, crossZoneConnectionMs: 0 },
    policies: (type, mesh) => world.all(type, mesh).map(policyOf),
  });
}

function translate(name: string, world: World, translation: Translation): EnvoyConfig {
  const ingress = world.zoneIngresses().find((each) => each.name === name);
  if (ingress !== undefined) return translateZoneIngress(ingress, translation);
  const egress = world.zoneEgresses().find((each) => each.name === name);
  if (egress !== undefined) return translateZoneEgress(egress, translation);
  const proxy = world.meshes().flatMap((mesh) => world.proxy(mesh.name, name) ?? [])[0];
  if (proxy === undefined) throw new Error(`no proxy ${name}`);
  return translateSidecar(proxy, translation);
}
