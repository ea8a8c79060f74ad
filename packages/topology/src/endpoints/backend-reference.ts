/**
 * Which service a Dataplane means by a reference. Labels: all that carry them. A name is understood where the Dataplane is:
 * its mesh, its zone, its namespace unless another is given; so what belongs to no zone or to another is named by labels.
 * Source: kuma v2.14.3: pkg/plugins/policies/core/rules/resolve/backendref.go, pkg/xds/context/destination_index.go.
 */
import { kriOf, type Labels } from "@isthmus/resources";
import type { Proxy } from "../model/proxy.ts";
import { SERVICE_KINDS } from "../model/read-service.ts";
import type { Service, ServicePort } from "../model/service.ts";
import type { World } from "../world/world.ts";

export interface BackendReference {
  readonly kind: string;
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
  readonly labels: Labels;
}

/** In order of age, then of name: where one is wanted it is the oldest, so that a new service takes no traffic of another. */
export function referredServices(proxy: Proxy, ref: BackendReference, world: World): readonly Service[] {
  const kind = SERVICE_KINDS.find((each) => each === ref.kind);
  if (kind === undefined) return [];
  if (Object.keys(ref.labels).length > 0) {
    const candidates =
      kind === "MeshService"
        ? world.meshServicesWith(ref.labels).filter(({ mesh }) => mesh === proxy.mesh)
        : world.services(kind, proxy.mesh).filter(({ resource }) => hasLabels(resource.labels, ref.labels));
    return [...candidates].sort(byAge);
  }
  const { zone, namespace } = kriOf(proxy.resource);
  const origin = { name: ref.name ?? "", namespace: ref.namespace ?? namespace, zone };
  const found = world.serviceByOrigin(kind, proxy.mesh, origin);
  return found === undefined ? [] : [found];
}

/** Undefined: all ports. Kuma compares the number with names, so that of a named port it means all ports; here it means the one. */
export function referredPorts({ ports }: Service, port: number | undefined): readonly ServicePort[] {
  return port === undefined ? ports : ports.filter((each) => each.port === port);
}

function hasLabels(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value);
}

function byAge(a: Service, b: Service): number {
  const [first, second] = [a, b].map(({ resource }) => Date.parse(resource.creationTime) || 0);
  return (first ?? 0) - (second ?? 0) || (a.name < b.name ? -1 : 1);
}
