/**
 * What a Dataplane would be given, as `_config` shows it: computed anew from the world and from what its Envoy last said of itself.
 * Certificates and keys are placeholders, as nobody is to read them here. Pure.
 * Source: kuma v2.14.3: pkg/core/xds/inspect/config.go.
 */
import {
  type AdminTls,
  canonicalForm,
  type ResourceKind,
  type TranslationSettings,
  traitsOf,
  typeUrl,
} from "@isthmus/envoy";
import { EFFECT_LABEL, type Registry, type Resource } from "@isthmus/resources";
import { err, type JsonObject, ok } from "@isthmus/std";
import type { World } from "@isthmus/topology";
import { ADMIN_CLIENT } from "./admin-wish.ts";
import { certificateWishes, type MeshWish } from "./certificate-wishes.ts";
import type { FollowedProxy } from "./followed-proxy.ts";
import { type IssuedIdentity, proxyConfiguration } from "./proxy-configuration.ts";

export interface PreviewContext {
  readonly world: World;
  readonly registry: Registry;
  readonly settings: TranslationSettings;
  /** As if policies with the label `kuma.io/effect: shadow` were in effect. */
  readonly isShadow: boolean;
}

const ADMIN_TLS: AdminTls = { certificate: "", key: "", ca: "", clientName: ADMIN_CLIENT };
const IDENTITY = { chain: "CERT", key: "KEY", issuedAtMs: 0, expiresAtMs: 0 };
const CA = { cert: "CA", key: "" };

/** Resources of Envoy by type URL and name; undefined: there is no such Dataplane. */
export function configurationPreview(
  id: { readonly mesh: string; readonly name: string },
  metadata: JsonObject,
  { world: current, registry, settings, isShadow }: PreviewContext,
): JsonObject | undefined {
  const world = isShadow ? withShadowPolicies(current) : current;
  const proxy: FollowedProxy = { id: { ...id, type: "dataplane" }, traits: traitsOf(metadata, id, ADMIN_TLS) };
  const wishes = certificateWishes(proxy, { world, registry, loaderOf: () => () => err("not looked at") });
  const issued = wishes.filter((wish) => wish.kind === "mesh").map(placeholder);
  const configuration = proxyConfiguration(proxy, issued, world, settings);
  if (configuration === undefined) return undefined;
  // Those of a MeshIdentity come from whoever provides them.
  const provided = new Set(issued.flatMap(({ wish }) => wish.identityKri ?? []));
  const { clusters, endpoints, listeners } = configuration.config;
  return {
    ...shown("cluster", clusters),
    ...shown("endpoints", endpoints),
    ...shown("listener", listeners),
    ...shown("secret", new Map([...configuration.secrets].filter(([name]) => !provided.has(name)))),
  };
}

function placeholder(wish: MeshWish): IssuedIdentity {
  return { wish: { ...wish, wish: ok({ ca: CA, validForMs: 0 }) }, certificate: IDENTITY };
}

function shown(kind: ResourceKind, byName: ReadonlyMap<string, object>): JsonObject {
  if (byName.size === 0) return {};
  const names = [...byName.keys()].sort();
  const resources = names.map((name): [string, JsonObject] => {
    const json = byName.get(name) ?? {};
    const canonical = canonicalForm(kind, json);
    return [name, canonical.ok ? canonical.value : (json as JsonObject)];
  });
  return { [typeUrl(kind)]: Object.fromEntries(resources) };
}

function withShadowPolicies(world: World): World {
  const all = (type: string, mesh: string): readonly Resource[] => world.all(type, mesh).map(unshadowed);
  return new Proxy(world, {
    get(target, member) {
      if (member === "all") return all;
      const value: unknown = Reflect.get(target, member);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function unshadowed(resource: Resource): Resource {
  const { [EFFECT_LABEL]: effect, ...labels } = resource.labels;
  return effect === "shadow" ? { ...resource, labels } : resource;
}
