/**
 * Host names of services. Within a mesh and a kind a name goes to the first that comes up with it, in order of generators,
 * then of creation; the others do without, and their status says who has it.
 *
 * Who wins a name depends on those alone who claim it. So each name can be settled by itself, and after a change only those
 * that a changed service claims or claimed: `renderHostnames` for each service, `hostnameOwner` for each name,
 * `hostnamesOf` for each service again.
 * Source: kuma v2.14.3: pkg/core/resources/apis/hostnamegenerator/hostname/generator.go.
 */

import type { JsonObject, Result } from "@isthmus/std";
import { creationKey } from "../model/creation-order.ts";
import type { ServiceKind } from "../model/service.ts";
import { type HostnameGenerator, type NamedService, renderHostname, selects } from "./hostname-generator.ts";

/** What one generator makes of one service; those that do not select it do not appear. */
export interface RenderedHostname {
  readonly generator: string;
  /** Of the generator: the lowest wins. */
  readonly precedence: string;
  readonly hostname: Result<string, string>;
}

/** Who has a name. */
export interface HostnameOwner {
  readonly kind: ServiceKind;
  readonly name: string;
}

export interface HostnameConflict {
  readonly hostname: string;
  readonly generator: string;
  readonly winner: HostnameOwner;
  /** The winner is of another kind: both have the name in their status, but DNS answers with one address. */
  readonly isShadowed: boolean;
}

/** Of one service; the lists in order of the generator's name, as they are in the status. */
export interface Hostnames {
  readonly addresses: readonly JsonObject[];
  readonly hostnameGenerators: readonly JsonObject[];
  readonly conflicts: readonly HostnameConflict[];
}

export interface HostnameOwners {
  /** Of the service's own kind. */
  readonly owner: HostnameOwner | undefined;
  /** Of a kind that wins over it. */
  readonly above: HostnameOwner | undefined;
}

export interface HostnameClaimant {
  readonly service: Pick<NamedService, "name" | "creationTime">;
  readonly rendered: readonly RenderedHostname[];
}

export interface HostnameAssignment {
  /** By name of the service; every service is there. */
  readonly services: ReadonlyMap<string, Hostnames>;
  /** Who has which name. */
  readonly owners: ReadonlyMap<string, HostnameOwner>;
}

/** The order in which kinds win a name that several have: that of Kuma's DNS table, where the last one written counts. */
export const HOSTNAME_PRECEDENCE: readonly ServiceKind[] = [
  "MeshMultiZoneService",
  "MeshExternalService",
  "MeshService",
];

/** What each generator that selects the service makes of it. `zone`: the own one. */
export function renderHostnames(
  kind: ServiceKind,
  service: NamedService,
  generators: Iterable<HostnameGenerator>,
  zone: string,
): readonly RenderedHostname[] {
  return Array.from(generators)
    .filter((generator) => selects(generator, kind, service.labels))
    .map((generator) => ({
      generator: generator.name,
      precedence: generator.precedence,
      hostname: renderHostname(generator, service, zone),
    }));
}

/** Who of the claimants of one name, services of one mesh and kind, gets it; undefined when nobody claims it. */
export function hostnameOwner(
  kind: ServiceKind,
  hostname: string,
  claimants: Iterable<HostnameClaimant>,
): HostnameOwner | undefined {
  let best: Claim | undefined;
  for (const claimant of claimants) {
    for (const { name, claim } of claimsOf(claimant)) {
      if (name === hostname && (best === undefined || comesBefore(claim, best))) best = claim;
    }
  }
  return best === undefined ? undefined : { kind, name: best.service };
}

/** Names of one service, once the owners of the names that it claims are known. */
export function hostnamesOf(
  service: string,
  rendered: readonly RenderedHostname[],
  ownersOf: (hostname: string) => HostnameOwners,
): Hostnames {
  const addresses: JsonObject[] = [];
  const hostnameGenerators: JsonObject[] = [];
  const conflicts: HostnameConflict[] = [];
  for (const { generator, hostname } of [...rendered].sort((a, b) => (a.generator < b.generator ? -1 : 1))) {
    const hostnameGeneratorRef = { coreName: generator };
    const conditions: JsonObject[] = [];
    hostnameGenerators.push({ hostnameGeneratorRef, conditions });
    if (!hostname.ok) {
      conditions.push(condition("Generated", "False", "TemplateError", hostname.error));
      continue;
    }
    const { owner, above } = ownersOf(hostname.value);
    if (owner !== undefined && owner.name !== service) {
      const message = `Hostname collision with ${owner.kind}: ${owner.name}`;
      conditions.push(condition("Generated", "False", "Collision", message));
      conflicts.push({ hostname: hostname.value, generator, winner: owner, isShadowed: false });
      continue;
    }
    addresses.push({ hostname: hostname.value, origin: "HostnameGenerator", hostnameGeneratorRef });
    conditions.push(condition("Generated", "True", "Generated", ""));
    if (above === undefined) continue;
    const message = `${above.kind} ${above.name} has the same hostname and answers for it where both are reachable`;
    conditions.push(condition("Shadowed", "True", "Collision", message));
    conflicts.push({ hostname: hostname.value, generator, winner: above, isShadowed: true });
  }
  return { addresses, hostnameGenerators, conflicts };
}

/** All services of one mesh and kind at once. `above`: names that services of kinds before this one have. */
export function assignHostnames(input: {
  readonly kind: ServiceKind;
  readonly services: Iterable<HostnameClaimant>;
  readonly above?: ReadonlyMap<string, HostnameOwner>;
}): HostnameAssignment {
  const { kind, above } = input;
  const services = [...input.services];
  const best = new Map<string, Claim>();
  for (const claimant of services) {
    for (const { name, claim } of claimsOf(claimant)) {
      const other = best.get(name);
      if (other === undefined || comesBefore(claim, other)) best.set(name, claim);
    }
  }
  const owners = new Map(Array.from(best, ([hostname, { service }]) => [hostname, { kind, name: service }]));
  const found = services.map(({ service: { name }, rendered }): [string, Hostnames] => [
    name,
    hostnamesOf(name, rendered, (hostname) => ({ owner: owners.get(hostname), above: above?.get(hostname) })),
  ]);
  return { services: new Map(found), owners };
}

/** All services of one mesh, every kind told of names that those before it have. */
export function planHostnames(input: {
  readonly services: ReadonlyMap<ServiceKind, readonly NamedService[]>;
  readonly generators: readonly HostnameGenerator[];
  readonly zone: string;
}): ReadonlyMap<ServiceKind, HostnameAssignment> {
  const above = new Map<string, HostnameOwner>();
  const plan = new Map<ServiceKind, HostnameAssignment>();
  for (const kind of HOSTNAME_PRECEDENCE) {
    const services = (input.services.get(kind) ?? []).map((service) => ({
      service,
      rendered: renderHostnames(kind, service, input.generators, input.zone),
    }));
    const assignment = assignHostnames({ kind, services, above });
    plan.set(kind, assignment);
    for (const [hostname, owner] of assignment.owners) if (!above.has(hostname)) above.set(hostname, owner);
  }
  return plan;
}

/** A status of a service with these names; lists without entries are left out. */
export function statusWithHostnames(status: JsonObject, { addresses, hostnameGenerators }: Hostnames): JsonObject {
  const { addresses: _addresses, hostnameGenerators: _generators, ...others } = status;
  return {
    ...others,
    ...(addresses.length > 0 ? { addresses } : {}),
    ...(hostnameGenerators.length > 0 ? { hostnameGenerators } : {}),
  };
}

interface Claim {
  readonly precedence: string;
  readonly at: string;
  readonly service: string;
}

function claimsOf({
  service,
  rendered,
}: HostnameClaimant): readonly { readonly name: string; readonly claim: Claim }[] {
  const at = creationKey(service.creationTime);
  return rendered.flatMap(({ precedence, hostname }) =>
    hostname.ok ? [{ name: hostname.value, claim: { precedence, at, service: service.name } }] : [],
  );
}

function comesBefore(a: Claim, b: Claim): boolean {
  if (a.precedence !== b.precedence) return a.precedence < b.precedence;
  if (a.at !== b.at) return a.at < b.at;
  return a.service < b.service;
}

function condition(type: string, status: "True" | "False", reason: string, message: string): JsonObject {
  return { type, status, reason, message };
}
