/**
 * Which port of which service a person means by `backend`, `backend:8080`, `backend:http`, a hostname or a KRI. Names are
 * understood as where the Dataplane is: of several services with one display name that of the own zone is meant.
 */
import { kriText, type Violation, Violations } from "@isthmus/resources";
import { err, ok, type Result } from "@isthmus/std";
import { legacyServices } from "../endpoints/outbounds.ts";
import { describeService, legacyRef, refOf } from "../endpoints/service-ref.ts";
import { SERVICE_KINDS } from "../model/read-service.ts";
import type { Service, ServiceKind, ServiceRef } from "../model/service.ts";
import { portKriText, serviceType } from "../names/destination-name.ts";
import type { World } from "../world/world.ts";

export interface TargetQuestion {
  /** `<service>[:<port>]`, the port as number or name. */
  readonly to: string;
  /** Type of the service, its short name, or `legacy` for a value of `kuma.io/service`; "": any. */
  readonly kind: string;
}

export interface Target {
  readonly service: ServiceRef;
  /** 0 for a legacy service, and where an unknown service was named without port. */
  readonly port: number;
}

type WantedKind = ServiceKind | "legacy" | "any";

interface Named {
  readonly service: Service;
  /** Where the name was that of a port. */
  readonly port: number | undefined;
}

const PORT_MAX = 65_535;
const KIND_WORDS: ReadonlyMap<string, WantedKind> = new Map([
  ["", "any"],
  ["legacy", "legacy"],
  ...SERVICE_KINDS.flatMap((kind): [string, WantedKind][] => [
    [kind.toLowerCase(), kind],
    [serviceType(kind).shortName ?? "", kind],
  ]),
]);

/** A service that does not exist is a target too: that it is unknown is the answer. Refused is what cannot be understood. */
export function findTarget(
  { to, kind: word }: TargetQuestion,
  mesh: string,
  world: World,
): Result<Target, readonly Violation[]> {
  const problems = new Violations();
  const kind = KIND_WORDS.get(word.toLowerCase());
  if (kind === undefined) problems.add("kind", `must be one of ${[...SERVICE_KINDS, "legacy"].join(", ")}`);
  const { name, port } = split(to);
  if (name === "") problems.add("to", "must be <service> or <service>:<port>");
  if (port !== undefined && !isPort(port)) problems.add("to", "the port must be a number from 1 to 65535, or its name");
  if (kind === undefined || !problems.isEmpty) return err(problems.list);

  const kinds = SERVICE_KINDS.filter((each) => kind === "any" || kind === each);
  const named = nearest(
    servicesNamed(
      name,
      kinds.flatMap((each) => world.services(each, mesh)),
    ),
    world.settings.zone,
  );
  const [first, ...others] = named;
  if (first !== undefined && others.length > 0) return err([{ field: "to", reason: ambiguity(name, named) }]);
  if (first !== undefined) return withPort(first, port);
  const legacy = legacyName(to, name, kind, mesh, world);
  if (legacy !== undefined) return ok({ service: legacyRef(mesh, legacy), port: 0 });
  const service = { kind: kind === "any" || kind === "legacy" ? "MeshService" : kind, mesh, name } as const;
  return ok({ service, port: numberOf(port) ?? 0 });
}

function split(to: string): { readonly name: string; readonly port: string | undefined } {
  const colon = to.lastIndexOf(":");
  return colon < 0 ? { name: to, port: undefined } : { name: to.slice(0, colon), port: to.slice(colon + 1) };
}

function isPort(text: string): boolean {
  const number = numberOf(text);
  return number === undefined ? text !== "" : number >= 1 && number <= PORT_MAX;
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
}

/** By name, else by hostname, else by KRI of the service or of a port. */
function servicesNamed(name: string, services: readonly Service[]): readonly Named[] {
  const byName = services.filter((each) => each.name === name || each.displayName === name);
  const found = byName.length > 0 ? byName : services.filter(({ hostnames }) => hostnames.includes(name));
  if (found.length > 0) return found.map((service) => ({ service, port: undefined }));
  return services.flatMap((service): readonly Named[] => {
    if (kriText(serviceType(service.kind), service.kri) === name) return [{ service, port: undefined }];
    const port = service.ports.find((each) => portKriText(service, each) === name);
    return port === undefined ? [] : [{ service, port: port.port }];
  });
}

function nearest(named: readonly Named[], zone: string): readonly Named[] {
  if (new Set(named.map(({ service }) => service.kind)).size !== 1) return named;
  const own = named.filter(({ service }) => service.zone === zone);
  return own.length === 1 ? own : named;
}

function ambiguity(name: string, named: readonly Named[]): string {
  const choices = named.map(({ service }) => `${describeService(service)} (name ${service.name})`);
  return `${name} means ${named.length} services: ${choices.join(", ")}; say the kind, or the name in this zone's store`;
}

function withPort({ service, port: own }: Named, text: string | undefined): Result<Target, readonly Violation[]> {
  const ports = service.ports.map(({ port, section }) => (section === String(port) ? section : `${port} (${section})`));
  const refuse = (reason: string) =>
    err([{ field: "to", reason: `${describeService(service)} ${reason}, its ports: ${ports.join(", ") || "none"}` }]);
  const target = (port: number) => ok({ service: refOf(service), port });
  if (text === undefined) {
    const [only, ...more] = service.ports;
    if (own !== undefined) return target(own);
    return more.length > 0 ? refuse("has several ports") : target(only?.port ?? 0);
  }
  const number = numberOf(text) ?? service.ports.find(({ section }) => section === text)?.port;
  return number === undefined ? refuse(`has no port ${text}`) : target(number);
}

/** A value of `kuma.io/service` may hold colons of its own. */
function legacyName(to: string, name: string, kind: WantedKind, mesh: string, world: World): string | undefined {
  if (kind !== "any" && kind !== "legacy") return undefined;
  const known = legacyServices(mesh, world);
  const found = [to, name].find((each) => known.includes(each));
  return found ?? (kind === "legacy" ? to : undefined);
}
