/**
 * The report of what would happen: the same sets as ever, computed on the world as it is and on the world without what is
 * lost, and compared.
 */
import { baseEndpoints } from "../endpoints/base-endpoints.ts";
import type { BaseSet } from "../endpoints/base-set.ts";
import { clientEndpoints } from "../endpoints/client-endpoints.ts";
import type { EndpointSet } from "../endpoints/endpoint-set.ts";
import { finishedSet } from "../endpoints/finished-set.ts";
import { legacyServices } from "../endpoints/outbounds.ts";
import { legacyRef, refKey, refOf } from "../endpoints/service-ref.ts";
import { SERVICE_KINDS } from "../model/read-service.ts";
import type { Service, ServiceRef } from "../model/service.ts";
import type { World } from "../world/world.ts";
import { type ClientClass, clientClasses } from "./client-class.ts";
import { LoadSum } from "./load.ts";
import type { BlockingPolicy, LostService, SingleZoneService, WhatIfReport } from "./report.ts";
import { unknownNames } from "./unknown-names.ts";
import { type Losses, worldWithout } from "./world-without.ts";

export function whatIf(world: World, losses: Losses): WhatIfReport {
  const after = worldWithout(world, losses);
  const sums = { before: new LoadSum(), after: new LoadSum() };
  const lost: LostService[] = [];
  const single: SingleZoneService[] = [];
  const blocking: BlockingPolicy[] = [];
  for (const mesh of world.meshes()) {
    const classes = clientClasses(mesh.name, world);
    for (const target of targetsOf(mesh.name, world)) {
      const change = changeOf(target, classes, world, after);
      for (const { before, after: next, clients } of change.sets) {
        sums.before.add(before, clients);
        sums.after.add(next, clients);
      }
      lost.push(...lostService(target, change));
      single.push(...singleZoneService(target, change));
      blocking.push(...blockingPolicies(target, change));
    }
  }
  return {
    losses,
    unknown: unknownNames(world, losses),
    servicesWithoutEndpoints: lost,
    servicesInOneZoneOnly: single,
    loadShift: LoadSum.shifts(sums.before, sums.after),
    lostLoad: { before: sums.before.lostShare, after: sums.after.lostShare },
    prioritiesUsed: LoadSum.priorities(sums.before, sums.after),
    policiesBlockingFailover: blocking,
  };
}

interface Target {
  readonly ref: ServiceRef;
  readonly service: Service | undefined;
  readonly port: number;
}

interface SetChange {
  readonly before: EndpointSet;
  readonly after: EndpointSet;
  /** 0: nobody here gets the service, the sets are those of a client without policies. */
  readonly clients: number;
}

interface Change {
  readonly sets: readonly SetChange[];
}

function targetsOf(mesh: string, world: World): readonly Target[] {
  const services = SERVICE_KINDS.flatMap((kind) => world.services(kind, mesh)).flatMap((service) =>
    service.ports.map(({ port }) => ({ ref: refOf(service), service, port })),
  );
  const legacy = legacyServices(mesh, world).map((name) => ({
    ref: legacyRef(mesh, name),
    service: undefined,
    port: 0,
  }));
  return [...services, ...legacy];
}

function changeOf({ ref, port }: Target, classes: readonly ClientClass[], world: World, after: World): Change {
  const key = refKey(ref);
  const reaching = classes.filter((each) => each.reaches(key, port));
  // What nobody gets is of interest as long as it is a resource: somebody will. Of legacy names there are too many leftovers.
  if (reaching.length === 0 && ref.kind === "legacy") return { sets: [] };
  const base = { before: baseEndpoints(ref, port, world), after: baseEndpoints(ref, port, after) };
  if (reaching.length === 0) {
    return { sets: [{ before: anyones(base.before, world), after: anyones(base.after, after), clients: 0 }] };
  }
  const routed = { isRouted: true } as const;
  return {
    sets: reaching.map(({ client, count }) => ({
      before: clientEndpoints(client, base.before, world, routed),
      after: clientEndpoints(client, base.after, after, routed),
      clients: count,
    })),
  };
}

function anyones(base: BaseSet, world: World): EndpointSet {
  return finishedSet(base, base.candidates, world, { policies: [] });
}

function lostService(target: Target, { sets }: Change): readonly LostService[] {
  const lost = sets.filter(({ before, after }) => before.endpoints.length > 0 && after.endpoints.length === 0);
  if (lost.length === 0) return [];
  const reasons = new Set(
    lost.flatMap(({ after }) => after.candidates.map(({ gate, detail }) => `${gate ?? ""}: ${detail}`)),
  );
  const clients = lost.reduce((sum, each) => sum + each.clients, 0);
  return [{ ...affected(target), zone: target.service?.zone ?? "", clients, reasons: [...reasons] }];
}

function singleZoneService(target: Target, { sets }: Change): readonly SingleZoneService[] {
  if (target.ref.kind !== "MeshMultiZoneService" && target.ref.kind !== "legacy") return [];
  for (const { before, after } of sets) {
    const zonesBefore = zonesOf(before);
    const [zone, ...others] = zonesOf(after);
    if (zone !== undefined && others.length === 0 && zonesBefore.length > 1) {
      return [{ ...affected(target), zone, zonesBefore }];
    }
  }
  return [];
}

function blockingPolicies(target: Target, { sets }: Change): readonly BlockingPolicy[] {
  for (const { before, after } of sets) {
    const blocked = after.candidates.filter(({ gate }) => gate === "policy");
    if (before.endpoints.length === 0 || after.endpoints.length > 0 || blocked.length === 0) continue;
    const zones = [...new Set(blocked.map(({ zone }) => zone))].sort();
    return [{ ...affected(target), policies: after.policies, zones, detail: blocked[0]?.detail ?? "" }];
  }
  return [];
}

function affected({ ref, service, port }: Target) {
  return { service: ref, displayName: service?.displayName ?? ref.name, port };
}

function zonesOf({ candidates }: EndpointSet): readonly string[] {
  return [...new Set(candidates.flatMap(({ zone, endpoint }) => (endpoint === undefined ? [] : [zone])))].sort();
}
