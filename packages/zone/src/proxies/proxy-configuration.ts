/** The whole configuration of a connected proxy, secrets included. Pure; undefined as long as something is missing that it must not be without. */
import {
  caSecret,
  type EnvoyConfig,
  identitySecret,
  type MeshTls,
  TRUST_BUNDLE_SECRET,
  type Translation,
  type TranslationSettings,
  translateSidecar,
  translateZoneEgress,
  translateZoneIngress,
  trustBundleSecret,
} from "@isthmus/envoy";
import { certificatesOf, meshTlsMode, type WorkloadCertificate } from "@isthmus/identity";
import { type Policy, policyOf } from "@isthmus/policy";
import { type Resource, textOf } from "@isthmus/resources";
import {
  caSecretName,
  hasUnifiedNaming,
  identitySecretName,
  nameIn,
  UNIFIED_NAMING_FEATURE,
  type World,
} from "@isthmus/topology";
import type { MeshWish } from "./certificate-wishes.ts";
import type { FollowedProxy } from "./followed-proxy.ts";

export interface IssuedIdentity {
  readonly wish: MeshWish;
  readonly certificate: WorkloadCertificate;
}

export interface ProxyConfiguration {
  readonly config: EnvoyConfig;
  /** Secrets that it refers to, by name. */
  readonly secrets: ReadonlyMap<string, object>;
}

/** `issued`: a certificate for each wish. */
export function proxyConfiguration(
  followed: FollowedProxy,
  issued: readonly IssuedIdentity[],
  world: World,
  settings: TranslationSettings,
): ProxyConfiguration | undefined {
  const wishes = issued.map(({ wish }) => wish);
  const config = translate(followed, translationOf(followed, wishes, world, settings));
  if (config === undefined) return undefined;
  const all = secretsOf(followed, issued, world);
  return { config, secrets: new Map([...all].filter(([name]) => config.secrets.has(name))) };
}

/** What the configuration of a proxy is made with. */
export function translationOf(
  followed: FollowedProxy,
  wishes: readonly MeshWish[],
  world: World,
  settings: TranslationSettings,
): Translation {
  const tls = new Map(wishes.map((wish) => [wish.mesh, meshTls(followed, wish, world)]));
  return {
    world,
    traits: followed.traits,
    identities: { of: (mesh) => tls.get(mesh) },
    settings,
    policies: (type, mesh) => world.all(type, mesh).map(readOnce),
  };
}

/** All that it could refer to, by name. */
export function secretsOf(
  followed: FollowedProxy,
  issued: readonly IssuedIdentity[],
  world: World,
): ReadonlyMap<string, object> {
  return new Map(issued.flatMap((each) => meshSecrets(each, meshTls(followed, each.wish, world), world)));
}

function translate({ id }: FollowedProxy, translation: Translation): EnvoyConfig | undefined {
  const { world } = translation;
  switch (id.type) {
    case "ingress": {
      const ingress = world.zoneIngresses().find(({ name }) => name === id.name);
      return ingress === undefined ? undefined : translateZoneIngress(ingress, translation);
    }
    case "egress": {
      const egress = world.zoneEgresses().find(({ name }) => name === id.name);
      return egress === undefined ? undefined : translateZoneEgress(egress, translation);
    }
    case "dataplane": {
      const proxy = world.proxy(id.mesh, id.name);
      return proxy === undefined ? undefined : translateSidecar(proxy, translation);
    }
  }
}

function meshTls({ id, traits }: FollowedProxy, wish: MeshWish, world: World): MeshTls {
  const mesh = world.mesh(wish.mesh);
  const trustDomains = [...trustBundles(wish.mesh, world).keys()].sort();
  if (wish.identityKri !== undefined) {
    const { identityKri, spiffeId } = wish;
    return {
      kind: "workload",
      identitySecret: identityKri,
      caSecret: TRUST_BUNDLE_SECRET,
      spiffeId,
      trustDomains,
    };
  }
  const isUnified =
    id.type === "dataplane"
      ? hasUnifiedNaming(traits.features, mesh?.mode ?? "Disabled")
      : traits.features.has(UNIFIED_NAMING_FEATURE);
  return {
    kind: "mesh",
    mode: mesh?.hasMtls === true ? meshTlsMode(mesh.resource) : "STRICT",
    identitySecret: nameIn(isUnified, identitySecretName(wish.mesh)),
    caSecret: trustDomains.length > 0 ? TRUST_BUNDLE_SECRET : nameIn(isUnified, caSecretName(wish.mesh)),
    trustDomains,
  };
}

function meshSecrets(
  { wish, certificate }: IssuedIdentity,
  tls: MeshTls,
  world: World,
): readonly (readonly [string, object])[] {
  const identity = [tls.identitySecret, identitySecret(tls.identitySecret, certificate)] as const;
  const ownCa = wish.identityKri === undefined && wish.wish.ok ? wish.wish.value.ca.cert : undefined;
  if (tls.caSecret !== TRUST_BUNDLE_SECRET) return [identity, [tls.caSecret, caSecret(tls.caSecret, ownCa ?? "")]];
  const bundles = trustBundles(wish.mesh, world);
  if (ownCa !== undefined) bundles.set(wish.mesh, [...(bundles.get(wish.mesh) ?? []), ownCa]);
  return [identity, [TRUST_BUNDLE_SECRET, trustBundleSecret(TRUST_BUNDLE_SECRET, bundles)]];
}

/** CAs of all MeshTrusts of the mesh, by trust domain. */
function trustBundles(mesh: string, world: World): Map<string, readonly string[]> {
  const bundles = new Map<string, readonly string[]>();
  for (const trust of world.all("MeshTrust", mesh)) {
    const domain = textOf(trust.spec, "trustDomain");
    if (domain !== "") bundles.set(domain, [...(bundles.get(domain) ?? []), ...certificatesOf(trust)]);
  }
  return bundles;
}

/** Resources are immutable, and many proxies share few policies. */
const POLICIES = new WeakMap<Resource, Policy>();

function readOnce(resource: Resource): Policy {
  const known = POLICIES.get(resource);
  if (known !== undefined) return known;
  const policy = policyOf(resource);
  POLICIES.set(resource, policy);
  return policy;
}
