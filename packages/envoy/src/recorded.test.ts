/** Our configuration for proxies of zones that were running Kuma 2.14.3, against what Kuma had given their Envoys. */
import { policyOf } from "@isthmus/policy";
import type { JsonObject } from "@isthmus/std";
import { snapshotWorld, type World } from "@isthmus/topology";
import { describe, expect, it } from "vitest";
import type { EnvoyConfig } from "./draft/finish.ts";
import { traitsOf } from "./proxy-metadata.ts";
import { translateSidecar } from "./sidecar/sidecar.ts";
import { canonical, type Kind, recordedProxy, recordedWorld } from "./testing/recorded.ts";
import type { MeshTls, TlsIdentities } from "./tls/tls-identities.ts";
import { DEFAULT_SETTINGS, type Translation } from "./translation.ts";
import { translateZoneEgress } from "./zone-proxy/zone-egress.ts";
import { translateZoneIngress } from "./zone-proxy/zone-ingress.ts";

const MESH_TLS: MeshTls = {
  kind: "mesh",
  mode: "STRICT",
  identitySecret: "identity_cert:secret:default",
  caSecret: "mesh_ca:secret:default",
  trustDomains: [],
};

const WORKLOAD_TLS: MeshTls = {
  kind: "workload",
  mode: "STRICT",
  identitySecret: "kri_mid_idm___identity_",
  caSecret: "system_trust_bundle",
  spiffeId: "spiffe://idm.west.mesh.local/workload/bweb",
  trustDomains: ["idm.east.mesh.local", "idm.west.mesh.local"],
};

const IDENTITIES: TlsIdentities = { of: (mesh) => (mesh === "idm" ? WORKLOAD_TLS : MESH_TLS) };

const ADMIN_TLS = { certificate: "", key: "[redacted]", ca: "", clientName: "kuma-cp" };

const PROXIES = [
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
] as const;

describe.each(PROXIES)("%s %s %s", (profile, zone, name) => {
  const world = snapshotWorld(recordedWorld(profile, zone), { zone, remoteWeights: "kuma", systemNamespace: "" });
  const recorded = recordedProxy(profile, name);
  const traits = traitsOf(recorded.metadata, { mesh: "default", name }, ADMIN_TLS);
  const config = translate(name, world, {
    world,
    traits,
    identities: IDENTITIES,
    settings: DEFAULT_SETTINGS,
    policies: (type, mesh) => world.all(type, mesh).map(policyOf),
  });

  it.each<Kind>(["clusters", "endpoints", "listeners"])("%s", (kind) => {
    expect(resourcesOf(config, kind)).toEqual(withoutQuirks(recorded.resources[kind], kind, profile));
  });
});

function translate(name: string, world: World, translation: Translation): EnvoyConfig {
  const ingress = world.zoneIngresses().find((each) => each.name === name);
  if (ingress !== undefined) return translateZoneIngress(ingress, translation);
  const egress = world.zoneEgresses().find((each) => each.name === name);
  if (egress !== undefined) return translateZoneEgress(egress, translation);
  const proxy = world.meshes().flatMap((mesh) => world.proxy(mesh.name, name) ?? [])[0];
  if (proxy === undefined) throw new Error(`no proxy ${name}`);
  return translateSidecar(proxy, translation);
}

function resourcesOf(config: EnvoyConfig, kind: Kind): Readonly<Record<string, JsonObject>> {
  return Object.fromEntries(
    [...config[kind]].map(([name, json]): [string, JsonObject] => [name, canonical(kind, json)]),
  );
}

/**
 * Where we differ on purpose (docs/compatibility.md): what Kuma would have sent without its quirks.
 *
 * - an explicit outbound with a numeric port of a named port is called by the name, as the ingress knows it;
 * - a MeshMultiZoneService gets the limits of connections that every other HTTP service gets;
 * - its members' service tags are accepted as the SPIFFE ids that they stand for;
 * - a Dataplane without transparent proxy has no listeners for redirected traffic (Kuma: port 0);
 * - an egress listener keeps the priorities that the author of a MeshExternalService gave.
 */
function withoutQuirks(
  resources: Readonly<Record<string, JsonObject>>,
  kind: Kind,
  profile: string,
): Readonly<Record<string, JsonObject>> {
  const text = JSON.stringify(resources);
  const named =
    profile === "profile-a" ? text.replaceAll(/(kri_(?:msvc|mzsvc)_default_[a-z]*__backend)_8080/g, "$1_http") : text;
  const fixed = JSON.parse(named.replaceAll('"exact":"bbackend"', '"exact":"spiffe://idm/bbackend"')) as Record<
    string,
    JsonObject
  >;
  for (const [name, json] of Object.entries(fixed)) {
    if (name.startsWith("self_transparentproxy_")) delete fixed[name];
    else if (kind === "clusters") fixed[name] = canonical(kind, clusterWithoutQuirks(name, json));
  }
  return fixed;
}

const HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

function clusterWithoutQuirks(name: string, json: JsonObject): object {
  const cluster = structuredClone(json) as Record<string, JsonObject> & {
    typedExtensionProtocolOptions?: Record<string, Record<string, unknown>>;
    loadAssignment?: { endpoints?: { priority?: number }[] };
    transportSocket?: { typedConfig?: { commonTlsContext?: TlsContext } };
  };
  const options = cluster.typedExtensionProtocolOptions?.[HTTP_OPTIONS];
  if (name.includes("mzsvc") && options !== undefined) {
    options.commonHttpProtocolOptions = { idleTimeout: "3600s", maxConnectionDuration: "0s", maxStreamDuration: "0s" };
  }
  const names =
    cluster.transportSocket?.typedConfig?.commonTlsContext?.combinedValidationContext?.defaultValidationContext
      ?.matchTypedSubjectAltNames;
  names?.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (name.startsWith("kri_extsvc")) {
    for (const endpoints of cluster.loadAssignment?.endpoints ?? []) delete endpoints.priority;
  }
  return cluster;
}

interface TlsContext {
  readonly combinedValidationContext?: {
    readonly defaultValidationContext?: { readonly matchTypedSubjectAltNames?: JsonObject[] };
  };
}
