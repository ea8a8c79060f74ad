/**
 * The generator of Universal zones: what to write so that the stored MeshServices are those that the Dataplanes ask for.
 * Source: kuma v2.14.3: pkg/core/resources/apis/meshservice/generate/generator.go. Unlike Kuma's, an update keeps the status,
 * `spec.state` and `spec.identities`, so that address and host names of a service outlive a change of its ports.
 */
import {
  DELETION_GRACE_PERIOD_LABEL,
  DISPLAY_NAME_LABEL,
  ENV_LABEL,
  type Labels,
  MANAGED_BY_LABEL,
  MESH_LABEL,
  ORIGIN_LABEL,
  type Resource,
  type ResourceKey,
  ZONE_LABEL,
} from "@isthmus/resources";
import { type JsonObject, jsonEquals } from "@isthmus/std";
import type { Service } from "../model/service.ts";
import type { World } from "../world/world.ts";
import { foreignLabels, trackingLabels } from "./propagated-labels.ts";
import {
  GENERATOR,
  type GeneratorSettings,
  generatedNames,
  isGenerated,
  type WantedMeshService,
  wantedMeshService,
} from "./wanted-mesh-service.ts";

/** What the store and the Dataplanes say, apart from time. */
type ServiceIntent =
  | Exclude<ServicePlan, { readonly kind: "keep" }>
  | { readonly kind: "keep" }
  /** No Dataplane asks for it any more. */
  | { readonly kind: "unwanted"; readonly resource: Resource };

/** What the store is given; it adds times and version. */
export type ServiceDraft = Pick<Resource, "type" | "mesh" | "name" | "labels" | "spec" | "status" | "owner">;

export type ServicePlan =
  /** `wakeAt`: time, ms since 1970, at which to plan again though nothing changed. */
  | { readonly kind: "keep"; readonly wakeAt: number | undefined }
  | {
      readonly kind: "put";
      readonly resource: ServiceDraft;
      /** Version that the stored one must have, or 0: there must be none. */
      readonly expect: number;
      readonly reasons: readonly string[];
      readonly wakeAt: number | undefined;
    }
  | { readonly kind: "delete"; readonly key: ResourceKey; readonly expect: number; readonly reason: string }
  /** The name is taken by a MeshService that the generator did not make. */
  | { readonly kind: "blocked"; readonly by: Resource };

const TYPE = "MeshService";

/** All MeshServices of all meshes: every name that a Dataplane asks for or that was generated before, in order. */
export function planMeshServices(
  world: World,
  settings: GeneratorSettings,
  now: number,
): readonly { readonly mesh: string; readonly name: string; readonly plan: ServicePlan }[] {
  return world.meshes().flatMap(({ name: mesh }) => {
    const asked = world.proxies(mesh).flatMap((proxy) => generatedNames(proxy, settings));
    const known = world
      .services(TYPE, mesh)
      .filter(isGenerated)
      .map(({ name }) => name);
    const names = [...new Set([...asked, ...known])].sort();
    return names.map((name) => ({ mesh, name, plan: planMeshService(world, mesh, name, settings, now) }));
  });
}

export function planMeshService(
  world: World,
  mesh: string,
  name: string,
  settings: GeneratorSettings,
  now: number,
): ServicePlan {
  return planAt(meshServiceIntent(world, mesh, name, settings), settings, now);
}

function meshServiceIntent(world: World, mesh: string, name: string, settings: GeneratorSettings): ServiceIntent {
  const existing = world.service(TYPE, mesh, name);
  const mode = world.mesh(mesh)?.mode;
  // Of a mesh that is not known (yet) nothing is known to be wrong.
  if (mode === undefined) return { kind: "keep" };
  if (existing !== undefined && !isGenerated(existing)) return { kind: "blocked", by: existing.resource };
  if (mode === "Disabled") {
    if (existing === undefined) return { kind: "keep" };
    return deletion(existing.resource, "MeshServices are disabled in the mesh");
  }
  const wanted = wantedMeshService(world, mesh, name, settings);
  if (wanted !== undefined) return intentOf(world, { mesh, name }, existing, wanted, settings);
  return existing === undefined ? { kind: "keep" } : { kind: "unwanted", resource: existing.resource };
}

/** The intent at a time: what nothing asks for goes when it has been so for the whole grace period. */
function planAt(intent: ServiceIntent, settings: GeneratorSettings, now: number): ServicePlan {
  if (intent.kind === "keep") return { kind: "keep", wakeAt: undefined };
  return intent.kind === "unwanted" ? planUnwanted(intent.resource, settings, now) : intent;
}

function intentOf(
  world: World,
  { mesh, name }: { readonly mesh: string; readonly name: string },
  existing: Service | undefined,
  wanted: WantedMeshService,
  settings: GeneratorSettings,
): ServiceIntent {
  const base = generatedLabels(mesh, name, world.settings.zone, wanted.propagated, settings);
  if (existing === undefined) {
    const spec = { selector: wanted.selector, ports: wanted.ports };
    const resource = { type: TYPE, mesh, name, labels: base, spec, status: EMPTY_STATUS, owner: meshKey(mesh) };
    return { kind: "put", resource, expect: 0, reasons: ["a Dataplane asks for it"], wakeAt: undefined };
  }
  const { resource } = existing;
  const { [DELETION_GRACE_PERIOD_LABEL]: scheduled, ...kept } = resource.labels;
  const labels = { ...foreignLabels(kept, settings.propagation), ...base };
  const reasons = [
    ...(jsonEquals(resource.spec.ports, wanted.ports) ? [] : ["ports changed"]),
    ...(jsonEquals(resource.spec.selector, wanted.selector) ? [] : ["selector changed"]),
    ...(scheduled === undefined ? [] : ["no longer scheduled for deletion"]),
    ...(jsonEquals(kept, labels) ? [] : ["labels changed"]),
  ];
  if (reasons.length === 0) return { kind: "keep" };
  const spec = withShape(resource.spec, wanted);
  return {
    kind: "put",
    resource: { ...draftOf(resource), labels, spec },
    expect: resource.version,
    reasons,
    wakeAt: undefined,
  };
}

function planUnwanted(resource: Resource, { deletionGracePeriodMs }: GeneratorSettings, now: number): ServicePlan {
  const started = Date.parse(resource.labels[DELETION_GRACE_PERIOD_LABEL] ?? "");
  if (Number.isNaN(started)) {
    const labels = { ...resource.labels, [DELETION_GRACE_PERIOD_LABEL]: new Date(now).toISOString() };
    const reasons = ["no Dataplane asks for it: its grace period begins"];
    const wakeAt = now + deletionGracePeriodMs + 1;
    return { kind: "put", resource: { ...draftOf(resource), labels }, expect: resource.version, reasons, wakeAt };
  }
  if (now - started > deletionGracePeriodMs) {
    return deletion(resource, "no Dataplane asked for it during its grace period");
  }
  return { kind: "keep", wakeAt: started + deletionGracePeriodMs + 1 };
}

function deletion(
  { type, mesh, name, version }: Resource,
  reason: string,
): Extract<ServicePlan, { readonly kind: "delete" }> {
  return { kind: "delete", key: { type, mesh, name }, expect: version, reason };
}

function generatedLabels(
  mesh: string,
  name: string,
  zone: string,
  propagated: Labels,
  { propagation }: GeneratorSettings,
): Labels {
  return {
    ...propagated,
    [MESH_LABEL]: mesh,
    [DISPLAY_NAME_LABEL]: name,
    [MANAGED_BY_LABEL]: GENERATOR,
    [ENV_LABEL]: "universal",
    [ZONE_LABEL]: zone,
    [ORIGIN_LABEL]: "zone",
    ...(propagation.isEnabled ? trackingLabels(propagated) : {}),
  };
}

const EMPTY_STATUS: JsonObject = { tls: {}, dataplaneProxies: {} };

/** In the order in which Kuma prints the members. */
function withShape(spec: JsonObject, { selector, ports }: WantedMeshService): JsonObject {
  const { state, selector: _selector, ports: _ports, identities, ...rest } = spec;
  return {
    ...(state === undefined ? {} : { state }),
    selector,
    ports,
    ...(identities === undefined ? {} : { identities }),
    ...rest,
  };
}

function draftOf({ type, mesh, name, labels, spec, status, owner }: Resource): ServiceDraft {
  return {
    type,
    mesh,
    name,
    labels,
    spec,
    ...(status === undefined ? {} : { status }),
    ...(owner === undefined ? {} : { owner }),
  };
}

const meshKey = (name: string): ResourceKey => ({ type: "Mesh", mesh: "", name });
