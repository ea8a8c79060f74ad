/**
 * One service as it should be stored, but for its addresses and host names, which depend on all others. A service that is
 * about to be made is worked out completely, so that it is stored, and crosses zones, once.
 */
import type { Resource, ResourceKey } from "@isthmus/resources";
import { readService } from "../model/read-service.ts";
import type { Service, ServiceKind } from "../model/service.ts";
import { externalServiceConditions, withExternalServiceConditions } from "../services/external-service-status.ts";
import { meshServiceFacts, withMeshServiceFacts } from "../services/mesh-service-facts.ts";
import { multiZoneFacts, withMultiZoneFacts } from "../services/multi-zone-facts.ts";
import { planMeshService, type ServiceDraft, type ServicePlan } from "../services/plan-mesh-services.ts";
import type { DroppedLabel } from "../services/propagated-labels.ts";
import { wantedMeshService } from "../services/wanted-mesh-service.ts";
import type { World } from "../world/world.ts";
import type { Component } from "./component-times.ts";
import type { LiveSettings } from "./live-settings.ts";

export interface ServiceName extends ResourceKey {
  readonly type: ServiceKind;
}

export interface ServiceState {
  readonly service: ServiceName;
  readonly stored: Resource | undefined;
  /** undefined: it should not be there. */
  readonly wanted: ServiceDraft | undefined;
  /** Time, ms since 1970, at which to look again though nothing changed. */
  readonly wakeAt: number | undefined;
  /** Labels of Dataplanes that it could not take over. */
  readonly dropped: readonly DroppedLabel[];
}

/** Runs a part of the work and counts its time. */
export type Timed = <T>(component: Component, work: () => T) => T;

/** Before anything else that has a time: of those that are not stored yet none is older than another. */
export const NOT_STORED_YET = "9999-12-31T23:59:59Z";

/** undefined when there is no such service and none is wanted. */
export function serviceState(
  world: World,
  service: ServiceName,
  settings: LiveSettings,
  now: number,
  timed: Timed,
): ServiceState | undefined {
  const existing = world.service(service.type, service.mesh, service.name);
  const stored = existing?.resource;
  const plan: ServicePlan =
    service.type === "MeshService" && settings.generatesMeshServices
      ? timed("meshservice_generator", () =>
          planMeshService(world, service.mesh, service.name, settings.generator, now),
        )
      : KEEP;
  if (plan.kind === "delete") return { service, stored, wanted: undefined, wakeAt: undefined, dropped: [] };
  const draft = plan.kind === "put" ? plan.resource : stored;
  if (draft === undefined) return undefined;
  const view = plan.kind === "put" ? readService(unstored(plan.resource, stored)) : existing;
  return {
    service,
    stored,
    wanted: view === undefined ? draft : withFacts(world, view, draft, settings, timed),
    wakeAt: plan.kind === "blocked" ? undefined : plan.wakeAt,
    dropped: plan.kind === "blocked" ? [] : droppedLabels(world, service, settings),
  };
}

/** A draft as if it were stored. */
export function unstored(draft: ServiceDraft, stored: Resource | undefined): Resource {
  const { creationTime = NOT_STORED_YET, modificationTime = NOT_STORED_YET, version = 0 } = stored ?? {};
  return { ...draft, creationTime, modificationTime, version };
}

const KEEP: ServicePlan = { kind: "keep", wakeAt: undefined };

function withFacts(
  world: World,
  service: Service,
  draft: ServiceDraft,
  { generator }: LiveSettings,
  timed: Timed,
): ServiceDraft {
  switch (service.kind) {
    case "MeshService":
      return timed("ms_status_updater", () => {
        const facts = meshServiceFacts(world, service, generator);
        return facts === undefined ? draft : withMeshServiceFacts(draft, facts);
      });
    case "MeshMultiZoneService":
      return timed("mzms_status_updater", () => {
        const facts = multiZoneFacts(world, service);
        return facts === undefined ? draft : withMultiZoneFacts(draft, facts);
      });
    case "MeshExternalService":
      return withExternalServiceConditions(draft, externalServiceConditions(service));
  }
}

function droppedLabels(
  world: World,
  { type, mesh, name }: ServiceName,
  { generator, generatesMeshServices }: LiveSettings,
): readonly DroppedLabel[] {
  if (type !== "MeshService" || !generatesMeshServices || !generator.propagation.isEnabled) return [];
  if (world.mesh(mesh)?.mode === "Disabled") return [];
  return wantedMeshService(world, mesh, name, generator)?.dropped ?? [];
}
