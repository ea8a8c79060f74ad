/**
 * Golden cases: `testdata/golden/<case>/input.yaml` holds questions in its first document and resources, as a zone stores them,
 * in the others; `expected.yaml` holds the answers, a line for each candidate with its reasons.
 */
import {
  builtinTypes,
  labelsOf,
  objectOf,
  objectsOf,
  parseResource,
  parseYamlDocuments,
  Registry,
  type Resource,
  textOf,
  textsOf,
} from "@isthmus/resources";
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import type { Candidate, CandidateSource, EndpointSet } from "../endpoints/endpoint-set.ts";
import type { Exposures } from "../endpoints/exposure.ts";
import { outboundsFor } from "../endpoints/outbounds.ts";
import { describeRef, legacyRef } from "../endpoints/service-ref.ts";
import { endpointsFor } from "../endpoints/sidecar.ts";
import { socketAddress } from "../endpoints/socket-address.ts";
import { egressListenerExposures, zoneEgressExposures } from "../endpoints/zone-egress.ts";
import { ingressListenerExposures, zoneIngressExposures } from "../endpoints/zone-ingress.ts";
import type { Proxy } from "../model/proxy.ts";
import { SERVICE_KINDS } from "../model/read-service.ts";
import type { ServiceRef } from "../model/service.ts";
import { whatIf } from "../what-if/what-if.ts";
import { type SnapshotSettings, snapshotWorld } from "../world/snapshot-world.ts";
import type { World, ZoneGate } from "../world/world.ts";

export interface GoldenCase {
  readonly settings: SnapshotSettings;
  readonly questions: readonly JsonObject[];
  readonly resources: readonly Resource[];
}

const registry = new Registry(builtinTypes);

export function parseGoldenCase(text: string): GoldenCase {
  const { documents, errors } = parseYamlDocuments(text);
  const [head, ...others] = documents.map(({ value }) => value);
  if (errors.length > 0 || !isJsonObject(head)) throw new Error(`unreadable case: ${JSON.stringify(errors)}`);
  return {
    settings: {
      zone: textOf(head, "zone") || "west",
      remoteWeights: textOf(head, "remoteWeights") === "kuma" ? "kuma" : "isthmus",
      systemNamespace: textOf(head, "systemNamespace"),
      zoneGates: new Map(Object.entries(objectOf(head, "zoneGates")).map(([zone, gate]) => [zone, gateOf(gate)])),
      resolved: new Map(Object.entries(labelsOf(head, "resolved"))),
    },
    questions: objectsOf(head, "ask"),
    resources: others.map(parse),
  };
}

/** Answers as YAML: strings are written as JSON, which YAML reads alike. */
export function answersOf({ settings, questions, resources }: GoldenCase): string {
  const world = snapshotWorld(resources, settings);
  return questions.map((question) => answer(question, world)).join("");
}

function gateOf(value: JsonValue): ZoneGate {
  const gate = isJsonObject(value) ? textOf(value, "gate") : "";
  if (gate !== "zoneDisabled" && gate !== "withdrawn" && gate !== "zoneDown") throw new Error(`unknown gate ${gate}`);
  return { gate, detail: isJsonObject(value) ? textOf(value, "detail") : "" };
}

function parse(document: JsonValue): Resource {
  const type = isJsonObject(document) ? textOf(document, "type") : "";
  const descriptor = registry.get(type);
  if (descriptor === undefined || !isJsonObject(document)) throw new Error(`unknown type ${type}`);
  const parsed = parseResource(descriptor, document, { isFromServer: true });
  if (!parsed.ok) throw new Error(`${type} ${textOf(document, "name")}: ${JSON.stringify(parsed.error)}`);
  return parsed.value;
}

function answer(question: JsonObject, world: World): string {
  const { from, outbounds, ingress, ingressListener, egress, egressListener } = question;
  if (typeof from === "string") {
    const { ref, port } = target(textOf(question, "to"), proxyOf(from, world).mesh);
    const subset = isJsonObject(question.subset) ? { subset: labelsOf(question, "subset") } : {};
    const set = endpointsFor(proxyOf(from, world), ref, port, world, {
      ...subset,
      isRouted: question.isRouted === true,
    });
    return block(`${from} -> ${textOf(question, "to")}`, setLines(set));
  }
  if (typeof outbounds === "string")
    return block(`outbounds of ${outbounds}`, { outbounds: outboundLines(outbounds, world) });
  if (typeof ingress === "string") {
    const found = world.zoneIngresses().find(({ name }) => name === ingress);
    if (found === undefined) throw new Error(`no ZoneIngress ${ingress}`);
    return exposuresBlock(`ZoneIngress ${ingress}`, zoneIngressExposures(found, world));
  }
  if (typeof ingressListener === "string") {
    const exposures = ingressListenerExposures(proxyOf(ingressListener, world), world);
    return exposuresBlock(`listener ZoneIngress of ${ingressListener}`, exposures);
  }
  if (typeof egressListener === "string") {
    const exposures = egressListenerExposures(proxyOf(egressListener, world), world);
    return exposuresBlock(`listener ZoneEgress of ${egressListener}`, exposures);
  }
  if (egress === true) return exposuresBlock("ZoneEgress", zoneEgressExposures(world));
  return whatIfBlock(objectOf(question, "whatIf"), world);
}

function proxyOf(name: string, world: World): Proxy {
  const [mesh = "", proxy] = name.includes("/") ? name.split("/") : ["default", name];
  const found = world.proxy(mesh, proxy ?? "");
  if (found === undefined) throw new Error(`no Dataplane ${name}`);
  return found;
}

/** `MeshService backend:8080`, `legacy backend`. */
function target(text: string, mesh: string): { readonly ref: ServiceRef; readonly port: number } {
  const [kindText = "", rest = ""] = text.split(" ");
  const [name = "", port] = rest.split(":");
  if (kindText === "legacy") return { ref: legacyRef(mesh, name), port: 0 };
  const kind = SERVICE_KINDS.find((each) => each === kindText);
  if (kind === undefined) throw new Error(`unknown kind ${kindText}`);
  return { ref: { kind, mesh, name }, port: Number(port) };
}

function whatIfBlock(losses: JsonObject, world: World): string {
  const report = whatIf(world, {
    zones: textsOf(losses, "zones"),
    ingresses: textsOf(losses, "ingresses"),
    services: textsOf(losses, "services"),
  });
  const { unknown, lostLoad } = report;
  const named = (each: { readonly service: ServiceRef; readonly displayName: string; readonly port: number }) =>
    `${each.service.kind} ${each.displayName}:${each.port}`;
  return block(`what if ${JSON.stringify(losses)}`, {
    unknown,
    withoutEndpoints: report.servicesWithoutEndpoints.map(
      (each) => `${named(each)} zone=${each.zone} clients=${each.clients} | ${each.reasons.join(" | ")}`,
    ),
    oneZoneOnly: report.servicesInOneZoneOnly.map(
      (each) => `${named(each)} ${each.zonesBefore.join(",")} -> ${each.zone}`,
    ),
    load: report.loadShift.map(({ zone, before, after }) => `${zone || "outside"} ${before} -> ${after}`),
    lost: [`${lostLoad.before} -> ${lostLoad.after}`],
    priorities: report.prioritiesUsed.map(({ priority, before, after }) => `${priority}: ${before} -> ${after}`),
    blocking: report.policiesBlockingFailover.map(
      (each) => `${named(each)} ${each.policies.join(",")} zones=${each.zones.join(",")} | ${each.detail}`,
    ),
  });
}

function exposuresBlock(title: string, { exposures, problems }: Exposures): string {
  const blocks = exposures.map(({ sni, service, port, set }) =>
    block(`${title}, ${sni} (${describeRef(service)}${port === 0 ? "" : `:${port}`})`, setLines(set)),
  );
  return [...blocks, ...(problems.length === 0 && blocks.length > 0 ? [] : [block(title, { problems })])].join("");
}

function setLines(set: EndpointSet): Readonly<Record<string, readonly string[]>> {
  const factor = set.overprovisioningFactor;
  return {
    in: set.candidates.filter(({ endpoint }) => endpoint !== undefined).map(candidateLine),
    out: set.candidates.filter(({ endpoint }) => endpoint === undefined).map(candidateLine),
    policies: set.policies,
    overprovisioning: factor === undefined ? [] : [String(factor)],
  };
}

function candidateLine({ source, zone, endpoint, gate, detail, weightReason, priorityReason }: Candidate): string {
  if (endpoint === undefined) return `${gate} | ${sourceText(source)} zone=${zone} | ${detail}`;
  const { address, port, weight, priority, locality, localityWeight } = endpoint;
  const subZone = locality === undefined || locality.subZone === "" ? "" : `/${locality.subZone}`;
  const share = localityWeight === undefined ? "" : ` localityWeight=${localityWeight}`;
  const facts = `zone=${locality?.zone ?? "none"}${subZone} priority=${priority} weight=${weight}${share}`;
  return `${socketAddress(address, port)} ${facts} | ${detail} | ${weightReason} | ${priorityReason}`;
}

function sourceText(source: CandidateSource): string {
  switch (source.kind) {
    case "instance":
      return `Dataplane ${source.dataplane}/${source.inbound}`;
    case "external":
      return `external ${source.address}`;
    case "none":
      return source.what;
    default:
      return `${source.kind} ${source.name}`;
  }
}

function outboundLines(name: string, world: World): readonly string[] {
  return outboundsFor(proxyOf(name, world), world).map(({ address, port, service, servicePort, subset }) => {
    const at = address === undefined || port === undefined ? "virtual" : socketAddress(address, port);
    const tags = Object.keys(subset).length === 0 ? "" : ` ${JSON.stringify(subset)}`;
    return `${at} -> ${describeRef(service)}${servicePort === 0 ? "" : `:${servicePort}`}${tags}`;
  });
}

/** Lists that are empty are left out, but not all of them. */
function block(title: string, lists: Readonly<Record<string, readonly string[]>>): string {
  const parts = Object.entries(lists).filter(([, lines]) => lines.length > 0);
  const body = parts.map(
    ([name, lines]) => `  ${name}:\n${lines.map((line) => `    - ${JSON.stringify(line)}\n`).join("")}`,
  );
  return `- ask: ${JSON.stringify(title)}\n${parts.length === 0 ? "  answer: nothing\n" : body.join("")}`;
}
