/**
 * Golden cases: `testdata/golden/<case>/input.yaml` says in its first document which proxy of which world is translated and what of its
 * configuration is looked at; its other documents are resources beside those of the world, or in place of those with the same key.
 * The layout is described in the README.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { policyOf } from "@isthmus/policy";
import {
  builtinTypes,
  describeFailure,
  formatViolations,
  keyOf,
  objectOf,
  objectsOf,
  parseResource,
  parseYamlDocuments,
  Registry,
  type Resource,
  textOf,
  textsOf,
  validateResource,
} from "@isthmus/resources";
import { isJsonObject, type JsonObject } from "@isthmus/std";
import {
  caSecretName,
  hasUnifiedNaming,
  identitySecretName,
  nameIn,
  type Proxy,
  snapshotWorld,
  type World,
  workloadIdentityOf,
} from "@isthmus/topology";
import type { EnvoyConfig } from "../draft/finish.ts";
import { traitsOf } from "../proxy-metadata.ts";
import type { ProxyTraits } from "../proxy-traits.ts";
import { translateSidecar } from "../sidecar/sidecar.ts";
import { type MeshTls, type TlsMode, TRUST_BUNDLE_SECRET } from "../tls/tls-identities.ts";
import { DEFAULT_SETTINGS, type Translation } from "../translation.ts";
import { translateZoneEgress } from "../zone-proxy/zone-egress.ts";
import { translateZoneIngress } from "../zone-proxy/zone-ingress.ts";

export interface GoldenCase {
  readonly head: JsonObject;
  readonly resources: readonly Resource[];
}

export const GOLDEN_FOLDER = new URL("../../testdata/golden/", import.meta.url).pathname;
export const GOLDEN_CASES: readonly string[] = readdirSync(GOLDEN_FOLDER).filter((name) =>
  existsSync(`${GOLDEN_FOLDER}${name}/input.yaml`),
);

const ZONE = "west";
const MESH = "default";
const IDENTITY_KRI = "kri_mid_default___identity_";

/** On the machine of the proxy. */
export const SYSTEM_CA_PATH = "/etc/ssl/cas-of-the-system.pem";

/** Of every proxy; `metadata` of a case comes on top. */
const METADATA: JsonObject = {
  "dataplane.admin.address": "127.0.0.1",
  "dataplane.admin.port": "9901",
  "dataplane.admin.socketPath": "/run/dp/kuma-envoy-admin.sock",
  "dataplane.readinessReporter.port": "9902",
  ipv6Enabled: true,
  systemCaPath: SYSTEM_CA_PATH,
  workdir: "/run/dp",
};

const FEATURES: Readonly<Record<string, readonly string[]>> = {
  a: [],
  b: ["feature-unified-resource-naming", "feature-strict-inbound-ports", "feature-reuse-port"],
};

const registry = new Registry(builtinTypes);

export function readGoldenCase(name: string): GoldenCase {
  const [head, ...own] = documentsOf(`${name}/input.yaml`);
  if (head === undefined) throw new Error(`${name} is empty`);
  const base = documentsOf(`worlds/${textOf(head, "world")}.yaml`);
  const byKey = new Map([...base, ...own].map(parse).map((resource) => [keyOf(resource), resource]));
  if (head.isFromPeer !== true) for (const resource of byKey.values()) assertWritable(resource);
  const without = new Set(textsOf(head, "without"));
  const resources = [...byKey.values()].filter(({ type, name: each }) => !without.delete(`${type} ${each}`));
  if (without.size > 0) throw new Error(`nothing to leave out: ${[...without].join(", ")}`);
  return { head, resources };
}

/** `proxy`: of a Dataplane. */
export function translationOf({ head, resources }: GoldenCase): {
  readonly proxy: Proxy | undefined;
  readonly translation: Translation;
} {
  const world = snapshotWorld(resources, { zone: ZONE, remoteWeights: "isthmus", systemNamespace: "" });
  const name = textOf(head, "proxy");
  const metadata = { ...METADATA, features: FEATURES[textOf(head, "world")] ?? [], ...objectOf(head, "metadata") };
  const traits = traitsOf(metadata, { mesh: MESH, name });
  const proxy = world.proxy(MESH, name);
  const translation: Translation = {
    world,
    traits,
    identities: { of: (mesh) => meshTls(proxy, mesh, traits, world) },
    settings: DEFAULT_SETTINGS,
    policies: (type, mesh) => world.all(type, mesh).map(policyOf),
  };
  return { proxy, translation };
}

export function configurationOf(golden: GoldenCase): EnvoyConfig {
  const { proxy, translation } = translationOf(golden);
  const { world } = translation;
  const name = textOf(golden.head, "proxy");
  if (proxy !== undefined) return translateSidecar(proxy, translation);
  const ingress = world.zoneIngresses().find((each) => each.name === name);
  if (ingress !== undefined) return translateZoneIngress(ingress, translation);
  const egress = world.zoneEgresses().find((each) => each.name === name);
  if (egress !== undefined) return translateZoneEgress(egress, translation);
  throw new Error(`no proxy ${name}`);
}

function documentsOf(file: string): readonly JsonObject[] {
  const { documents, errors } = parseYamlDocuments(readFileSync(`${GOLDEN_FOLDER}${file}`, "utf8"));
  if (errors.length > 0) throw new Error(`${file}: ${JSON.stringify(errors)}`);
  return documents.map(({ value }) => {
    if (!isJsonObject(value)) throw new Error(`${file}: a document has to be a mapping`);
    return value;
  });
}

function parse(document: JsonObject): Resource {
  const type = textOf(document, "type");
  const descriptor = registry.get(type);
  if (descriptor === undefined) throw new Error(`unknown type ${type}`);
  const meshed = descriptor.scope === "Mesh" ? { mesh: MESH, ...document } : document;
  const parsed = parseResource(descriptor, meshed, { isFromServer: true });
  if (!parsed.ok) throw new Error(`${type} ${textOf(document, "name")}: ${describeFailure(parsed.error)}`);
  return parsed.value;
}

/** A policy that nobody could write shows nothing. */
function assertWritable(resource: Resource): void {
  const descriptor = registry.get(resource.type);
  if (descriptor?.policy === undefined) return;
  const violations = validateResource(descriptor, resource, { mode: "zone" });
  if (violations.length > 0) throw new Error(`${resource.type} ${resource.name}: ${formatViolations(violations)}`);
}

/** As the zone finds it (packages/zone), without certificates. */
function meshTls(proxy: Proxy | undefined, name: string, traits: ProxyTraits, world: World): MeshTls | undefined {
  const mesh = world.mesh(name);
  if (mesh === undefined) return undefined;
  const trustDomains = world.all("MeshTrust", name).map(({ spec }) => textOf(spec, "trustDomain"));
  trustDomains.sort();
  const identity = proxy === undefined ? undefined : workloadIdentityOf(proxy, world);
  if (identity !== undefined) {
    const { spiffeId } = identity;
    const caSecret = TRUST_BUNDLE_SECRET;
    return { kind: "workload", identitySecret: IDENTITY_KRI, caSecret, spiffeId, trustDomains };
  }
  if (!mesh.hasMtls) return undefined;
  const isUnified = hasUnifiedNaming(traits.features, mesh.mode);
  return {
    kind: "mesh",
    mode: modeOf(mesh.resource),
    identitySecret: nameIn(isUnified, identitySecretName(name)),
    caSecret: trustDomains.length > 0 ? TRUST_BUNDLE_SECRET : nameIn(isUnified, caSecretName(name)),
    trustDomains,
  };
}

function modeOf({ spec }: Resource): TlsMode {
  const mtls = objectOf(spec, "mtls");
  const backend = objectsOf(mtls, "backends").find((each) => textOf(each, "name") === textOf(mtls, "enabledBackend"));
  return backend !== undefined && textOf(backend, "mode") === "PERMISSIVE" ? "PERMISSIVE" : "STRICT";
}
