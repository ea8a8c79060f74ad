/**
 * The MeshService that the Dataplanes of a mesh ask for under one name, apart from what is stored and from time.
 * Source: kuma v2.14.3: pkg/core/resources/apis/meshservice/generate/generator.go.
 */
import { dns1035LabelErrors, type Labels, MANAGED_BY_LABEL, type Resource, WORKLOAD_LABEL } from "@isthmus/resources";
import { type JsonObject, type JsonValue, jsonEquals } from "@isthmus/std";
import { byCreation } from "../model/creation-order.ts";
import type { Inbound, Proxy } from "../model/proxy.ts";
import type { Service } from "../model/service.ts";
import { SERVICE_TAG } from "../model/tags.ts";
import type { World } from "../world/world.ts";
import { type DroppedLabel, type LabelPropagation, propagatedLabels } from "./propagated-labels.ts";

export const GENERATOR = "meshservice-generator";

export interface GeneratorSettings {
  /** `experimental.inboundTagsDisabled`: one service per label `kuma.io/workload`, not per tag `kuma.io/service`. */
  readonly isByWorkload: boolean;
  readonly propagation: LabelPropagation;
  /** `meshService.deletionGracePeriod`, ms. */
  readonly deletionGracePeriodMs: number;
}

export interface WantedMeshService {
  readonly selector: JsonObject;
  /** As in the spec. */
  readonly ports: readonly JsonObject[];
  readonly propagated: Labels;
  /** Names of Dataplanes whose inbounds ask for other ports; they are instances all the same. */
  readonly conflicting: readonly string[];
  readonly dropped: readonly DroppedLabel[];
}

/** Names under which a Dataplane asks for MeshServices. Values that cannot be names of a MeshService ask for none. */
export function generatedNames(
  proxy: Proxy,
  { isByWorkload }: Pick<GeneratorSettings, "isByWorkload">,
): readonly string[] {
  const names = isByWorkload ? [workloadOf(proxy)] : proxy.inbounds.map(({ tags }) => tags[SERVICE_TAG] ?? "");
  return [...new Set(names)].filter((name) => dns1035LabelErrors(name).length === 0);
}

/** undefined: no Dataplane asks for it. */
export function wantedMeshService(
  world: World,
  mesh: string,
  name: string,
  settings: GeneratorSettings,
): WantedMeshService | undefined {
  const { isByWorkload, propagation } = settings;
  const members = membersOf(world, mesh, name, settings);
  if (members.length === 0) return undefined;
  const inboundsOf = (proxy: Proxy): readonly Inbound[] =>
    isByWorkload ? proxy.inbounds : proxy.inbounds.filter(({ tags }) => tags[SERVICE_TAG] === name);
  const asked = members.map((proxy) => ({
    proxy,
    ports: inboundsOf(proxy).map((inbound) => portOfInbound(inbound, isByWorkload)),
  }));
  const existing = world.service("MeshService", mesh, name);
  const ports = chosenPorts(
    existing,
    asked.map((one) => one.ports),
  );
  const { labels, dropped } = propagatedLabels(
    members,
    (proxy) => inboundsOf(proxy).map(({ tags }) => tags),
    propagation,
  );
  return {
    selector: isByWorkload
      ? { dataplaneLabels: { matchLabels: { [WORKLOAD_LABEL]: name } } }
      : { dataplaneTags: { [SERVICE_TAG]: name } },
    ports,
    propagated: labels,
    conflicting: asked.filter((one) => !jsonEquals(one.ports, ports)).map(({ proxy }) => proxy.name),
    dropped,
  };
}

/** Whether the generator made it, here. */
export function isGenerated(service: Service): boolean {
  return service.isLocal && service.resource.labels[MANAGED_BY_LABEL] === GENERATOR;
}

/** Oldest first. */
function membersOf(world: World, mesh: string, name: string, settings: GeneratorSettings): readonly Proxy[] {
  const candidates = settings.isByWorkload ? world.proxiesOfWorkload(mesh, name) : world.proxiesOfService(mesh, name);
  const members = candidates.filter((proxy) => generatedNames(proxy, settings).includes(name));
  const byResource = new Map<Resource, Proxy>(members.map((proxy) => [proxy.resource, proxy]));
  return byCreation(byResource.keys()).flatMap((resource) => byResource.get(resource) ?? []);
}

/** What is stored stays while some Dataplane agrees with it; else the oldest Dataplane decides. */
function chosenPorts(existing: Service | undefined, asked: readonly (readonly JsonObject[])[]): readonly JsonObject[] {
  const stored: JsonValue | undefined =
    existing !== undefined && isGenerated(existing) ? existing.resource.spec.ports : undefined;
  return asked.find((ports) => jsonEquals(ports, stored)) ?? asked[0] ?? [];
}

function portOfInbound({ section, port, protocol, ownProtocol }: Inbound, isByWorkload: boolean): JsonObject {
  return { name: section, port, targetPort: port, appProtocol: isByWorkload ? ownProtocol : protocol };
}

function workloadOf({ labels, inbounds }: Proxy): string {
  return inbounds.length === 0 ? "" : (labels[WORKLOAD_LABEL] ?? "");
}
