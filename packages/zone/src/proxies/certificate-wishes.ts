/**
 * Which certificates a proxy needs: for its own mesh, of a ZoneEgress for each mesh with mTLS; and one for its admin API. Pure.
 * Source: kuma v2.14.3: pkg/xds/secrets, pkg/core/resources/apis/meshidentity/providers/bundled.
 */
import { type CaSource, type CertificateWish, identityCa, meshCa } from "@isthmus/identity";
import {
  kriOf,
  kriText,
  type LoadDataSource,
  objectOf,
  objectsOf,
  type Registry,
  type Resource,
  textOf,
} from "@isthmus/resources";
import { err, ok, type Result } from "@isthmus/std";
import { type MeshView, type Proxy, SERVICE_TAG, type World, workloadIdentityOf } from "@isthmus/topology";
import { type AdminWish, adminWish } from "./admin-wish.ts";
import type { FollowedProxy } from "./followed-proxy.ts";

export interface MeshWish {
  readonly kind: "mesh";
  readonly mesh: string;
  /** KRI of the MeshIdentity; undefined: the mesh's own backend. */
  readonly identityKri: string | undefined;
  readonly spiffeId: string;
  /** Of what issues it, for insights. */
  readonly backend: string;
  /** Of what is accepted, for insights: names of backends, or KRIs of MeshTrusts. */
  readonly supportedBackends: readonly string[];
  /** The error says why there is none. */
  readonly wish: Result<CertificateWish, string>;
}

export type ProxyWish = MeshWish | AdminWish;

export interface WishContext {
  readonly world: World;
  readonly registry: Registry;
  readonly loaderOf: (mesh: string) => LoadDataSource;
}

const ZONE_EGRESS_SERVICE = "zone-egress";

export function certificateWishes(proxy: FollowedProxy, context: WishContext): readonly ProxyWish[] {
  const admin = adminWish(proxy, context.world);
  return [...meshWishes(proxy, context), ...(admin === undefined ? [] : [admin])];
}

/** One entry for each certificate that is kept. `proxy`: its key. */
export function wishKey(proxy: string, wish: ProxyWish): string {
  const parts = wish.kind === "admin" ? ["", "admin API"] : [wish.mesh, wish.identityKri ?? ""];
  return [proxy, ...parts].join("\u0000");
}

function meshWishes({ id }: FollowedProxy, context: WishContext): readonly MeshWish[] {
  const { world } = context;
  switch (id.type) {
    case "ingress":
      return [];
    case "egress":
      return world
        .meshes()
        .flatMap((mesh) => meshWish(mesh, [`spiffe://${mesh.name}/${ZONE_EGRESS_SERVICE}`], context));
    case "dataplane": {
      const proxy = world.proxy(id.mesh, id.name);
      return proxy === undefined ? [] : dataplaneWishes(proxy, context);
    }
  }
}

function dataplaneWishes(proxy: Proxy, context: WishContext): readonly MeshWish[] {
  const { world, registry, loaderOf } = context;
  const identity = workloadIdentityOf(proxy, world);
  if (identity === undefined) {
    const mesh = world.mesh(proxy.mesh);
    return mesh === undefined ? [] : meshWish(mesh, meshUris(proxy), context);
  }
  const { resource, spiffeId } = identity;
  const kri = kriIn(registry, resource);
  const ca = identityCa(resource, kri, loaderOf(proxy.mesh));
  if (ca === undefined) return [];
  const wish = wishOf(ca, [spiffeId]);
  const trusts = world.all("MeshTrust", proxy.mesh).map((trust) => kriIn(registry, trust));
  return [
    {
      kind: "mesh",
      mesh: proxy.mesh,
      identityKri: kri,
      spiffeId,
      backend: kri,
      supportedBackends: trusts.sort(),
      wish,
    },
  ];
}

function kriIn(registry: Registry, resource: Resource): string {
  const type = registry.get(resource.type);
  return type === undefined ? "" : (kriText(type, kriOf(resource)) ?? "");
}

function meshWish(mesh: MeshView, uris: readonly string[], { loaderOf }: WishContext): readonly MeshWish[] {
  const ca = meshCa(mesh.resource, loaderOf(mesh.name));
  const [spiffeId = ""] = uris;
  if (ca === undefined) return [];
  const supportedBackends = objectsOf(objectOf(mesh.resource.spec, "mtls"), "backends").map((each) =>
    textOf(each, "name"),
  );
  const backend = ca.name;
  return [
    {
      kind: "mesh",
      mesh: mesh.name,
      identityKri: undefined,
      spiffeId,
      backend,
      supportedBackends,
      wish: wishOf(ca, uris),
    },
  ];
}

function wishOf({ pair, validForMs }: CaSource, uris: readonly string[]): Result<CertificateWish, string> {
  if (!pair.ok) return pair;
  return uris.length === 0
    ? err("the proxy has no service that a certificate could name")
    : ok({ ca: pair.value, uris, validForMs });
}

/** Its services, then all its tags, each once, ascending. */
function meshUris({ mesh, inbounds, gateway }: Proxy): readonly string[] {
  const sets = [...inbounds.map(({ tags }) => tags), gateway?.tags ?? {}];
  const services = new Set(sets.flatMap((tags) => tags[SERVICE_TAG] ?? []));
  const tags = new Set(sets.flatMap((set) => Object.entries(set).map(([key, value]) => `kuma://${key}/${value}`)));
  return [...[...services].sort().map((service) => `spiffe://${mesh}/${service}`), ...[...tags].sort()];
}
