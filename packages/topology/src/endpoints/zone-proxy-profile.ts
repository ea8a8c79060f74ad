/**
 * The two kinds of zone proxies, as what differs between them. Profile A: a ZoneIngress or ZoneEgress resource, which serves all
 * meshes, services of old included, by hashed names. Profile B: a listener of a Dataplane, which serves its own mesh by KRI.
 * Source: kuma v2.14.3: pkg/xds/generator/{ingress_generator,zone_proxy_listener_generator}.go, pkg/xds/generator/egress.
 */
import { ok, type Result } from "@isthmus/std";
import type { MeshView } from "../model/doors.ts";
import type { Proxy } from "../model/proxy.ts";
import type { Service, ServicePort } from "../model/service.ts";
import { hashedSni, kriSni } from "../names/sni.ts";
import type { World } from "../world/world.ts";
import { hasIdentities } from "./secured-mesh.ts";

export interface ZoneProxyProfile {
  readonly kind: "resource" | "listener";
  readonly meshes: readonly MeshView[];
  /** Why a mesh gets nothing. */
  readonly problems: readonly string[];
  sniOf(service: Service, port: ServicePort): Result<string, readonly string[]>;
}

export function ingressResourceProfile(world: World): ZoneProxyProfile {
  return resourceProfile(world.meshes(), world);
}

/** An egress ends TLS, with certificates that only a mesh with mTLS gives it. */
export function egressResourceProfile(world: World): ZoneProxyProfile {
  return resourceProfile(
    world.meshes().filter(({ hasMtls }) => hasMtls),
    world,
  );
}

export function ingressListenerProfile(proxy: Proxy, world: World): ZoneProxyProfile {
  return listenerProfile(proxy, world, () => undefined);
}

export function egressListenerProfile(proxy: Proxy, world: World): ZoneProxyProfile {
  return listenerProfile(proxy, world, ({ name }) =>
    hasIdentities(name, world) ? undefined : `a listener for egress needs a MeshIdentity, mesh ${name} has none`,
  );
}

function resourceProfile(meshes: readonly MeshView[], { settings }: World): ZoneProxyProfile {
  return {
    kind: "resource",
    meshes,
    problems: [],
    sniOf: (service, port) => ok(hashedSni(service, port, settings.systemNamespace)),
  };
}

function listenerProfile(
  proxy: Proxy,
  world: World,
  refusalOf: (mesh: MeshView) => string | undefined,
): ZoneProxyProfile {
  const mesh = world.mesh(proxy.mesh);
  const refusal =
    mesh === undefined
      ? `there is no mesh ${proxy.mesh}`
      : mesh.mode === "Exclusive"
        ? refusalOf(mesh)
        : `listeners of Dataplanes need mode Exclusive, mesh ${mesh.name} is in mode ${mesh.mode}`;
  return {
    kind: "listener",
    meshes: mesh === undefined || refusal !== undefined ? [] : [mesh],
    problems: refusal === undefined ? [] : [refusal],
    sniOf: kriSni,
  };
}
