/**
 * Host names of all services of one kind in one mesh. A name goes to the first service that comes up with it; those that
 * come later do without, and their status says who has it. Who is first does not depend on the order of arrival.
 *
 * In two steps, so that after a change of one service the templates of the others are not rendered again.
 * Source: kuma v2.14.3: pkg/core/resources/apis/hostnamegenerator/hostname/generator.go.
 */
import type { JsonObject, Result } from "@isthmus/std";
import { byCreation } from "../model/creation-order.ts";
import type { ServiceKind } from "../model/service.ts";
import {
  type HostnameGenerator,
  inPrecedence,
  type NamedService,
  renderHostname,
  selects,
} from "./hostname-generator.ts";

/** What one generator makes of one service; those that do not select it do not appear. */
export interface RenderedHostname {
  readonly generator: string;
  readonly hostname: Result<string, string>;
}

export interface HostnameConflict {
  readonly hostname: string;
  readonly generator: string;
  readonly winner: HostnameOwner;
  /** The winner is of another kind: both names are in the status, but DNS answers with one address. */
  readonly isShadowed: boolean;
}

export interface HostnameOwner {
  readonly kind: ServiceKind;
  readonly name: string;
}

/** Of one service; both lists in order of the generator's name, as they are in the status. */
export interface Hostnames {
  readonly addresses: readonly JsonObject[];
  readonly hostnameGenerators: readonly JsonObject[];
  readonly conflicts: readonly HostnameConflict[];
}

export interface HostnameAssignment {
  /** By name of the service; every service is there. */
  readonly services: ReadonlyMap<string, Hostnames>;
  /** Who has which name. */
  readonly owners: ReadonlyMap<string, HostnameOwner>;
}

interface Outcome {
  readonly generator: string;
  readonly address: JsonObject | undefined;
  readonly condition: readonly JsonObject[];
  readonly conflict: HostnameConflict | undefined;
}

/** The order in which kinds win a name that several have: that of Kuma's DNS table, where the last one written counts. */
export const HOSTNAME_PRECEDENCE: readonly ServiceKind[] = [
  "MeshMultiZoneService",
  "MeshExternalService",
  "MeshService",
];

/** `zone`: the own one. In any order. */
export function renderHostnames(
  kind: ServiceKind,
  service: NamedService,
  generators: Iterable<HostnameGenerator>,
  zone: string,
): readonly RenderedHostname[] {
  return Array.from(generators)
    .filter((generator) => selects(generator, kind, service.labels))
    .map((generator) => ({ generator: generator.name, hostname: renderHostname(generator, service, zone) }));
}

/** `above`: names that services of kinds before this one have, see HOSTNAME_PRECEDENCE. */
export function assignHostnames(input: {
  readonly kind: ServiceKind;
  readonly services: Iterable<{ readonly service: NamedService; readonly rendered: readonly RenderedHostname[] }>;
  readonly generators: Iterable<HostnameGenerator>;
  readonly above?: ReadonlyMap<string, HostnameOwner>;
}): HostnameAssignment {
  const { kind, above = new Map<string, HostnameOwner>() } = input;
  const renderedOf = new Map(
    Array.from(input.services, ({ service, rendered }) => [service.name, { ...service, rendered }]),
  );
  const candidates = new Map<string, { readonly name: string; readonly hostname: Result<string, string> }[]>();
  for (const { name, rendered } of byCreation(renderedOf.values())) {
    for (const { generator, hostname } of rendered) {
      const others = candidates.get(generator);
      if (others === undefined) candidates.set(generator, [{ name, hostname }]);
      else others.push({ name, hostname });
    }
  }
  const owners = new Map<string, HostnameOwner>();
  const outcomes = new Map<string, Outcome[]>(Array.from(renderedOf.keys(), (name) => [name, []]));
  for (const { name: generator } of inPrecedence(input.generators)) {
    for (const { name, hostname } of candidates.get(generator) ?? []) {
      outcomes.get(name)?.push(outcomeOf(generator, { kind, name }, hostname, owners, above));
    }
  }
  return { owners, services: new Map(Array.from(outcomes, ([name, list]) => [name, hostnamesOf(list)])) };
}

/** Both steps at once. */
export function hostnamesOfServices(input: {
  readonly kind: ServiceKind;
  readonly services: Iterable<NamedService>;
  readonly generators: readonly HostnameGenerator[];
  readonly zone: string;
  readonly above?: ReadonlyMap<string, HostnameOwner>;
}): HostnameAssignment {
  const services = Array.from(input.services, (service) => ({
    service,
    rendered: renderHostnames(input.kind, service, input.generators, input.zone),
  }));
  return assignHostnames({ ...input, services });
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

function outcomeOf(
  generator: string,
  service: HostnameOwner,
  rendered: Result<string, string>,
  owners: Map<string, HostnameOwner>,
  above: ReadonlyMap<string, HostnameOwner>,
): Outcome {
  if (!rendered.ok) {
    const condition = [generated("False", "TemplateError", rendered.error)];
    return { generator, address: undefined, condition, conflict: undefined };
  }
  const hostname = rendered.value;
  const owner = owners.get(hostname);
  if (owner !== undefined && owner.name !== service.name) {
    const condition = [generated("False", "Collision", `Hostname collision with ${owner.kind}: ${owner.name}`)];
    const conflict = { hostname, generator, winner: owner, isShadowed: false };
    return { generator, address: undefined, condition, conflict };
  }
  owners.set(hostname, service);
  const address = { hostname, origin: "HostnameGenerator", hostnameGeneratorRef: { coreName: generator } };
  const condition = [generated("True", "Generated", "")];
  const winner = above.get(hostname);
  if (winner === undefined) return { generator, address, condition, conflict: undefined };
  const message = `${winner.kind} ${winner.name} has the same hostname and answers for it where both are reachable`;
  return {
    generator,
    address,
    condition: [...condition, { type: "Shadowed", status: "True", reason: "Collision", message }],
    conflict: { hostname, generator, winner, isShadowed: true },
  };
}

function hostnamesOf(outcomes: readonly Outcome[]): Hostnames {
  const sorted = [...outcomes].sort((a, b) => (a.generator < b.generator ? -1 : 1));
  return {
    addresses: sorted.flatMap(({ address }) => (address === undefined ? [] : [address])),
    hostnameGenerators: sorted.map(({ generator, condition }) => ({
      hostnameGeneratorRef: { coreName: generator },
      conditions: condition,
    })),
    conflicts: sorted.flatMap(({ conflict }) => conflict ?? []),
  };
}

function generated(status: "True" | "False", reason: string, message: string): JsonObject {
  return { type: "Generated", status, reason, message };
}
