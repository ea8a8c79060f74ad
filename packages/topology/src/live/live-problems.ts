/** What is wrong with what the zone was given, each once, for logs, metrics and operators. Nothing else is disturbed by it. */
import type { Collection, DerivationGraph } from "@isthmus/reactor";
import { keyOf, objectOf, objectsOf, type ResourceKey, textOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import type { VipProblemCode } from "../addresses/vip-problem.ts";
import { MALFORMED, PORTS_CONFLICT } from "../services/service-conditions.ts";
import type { LiveCollections } from "./live-collections.ts";

export type LiveProblemKind =
  /** Parts of a resource that nothing can be made of. */
  | "malformed"
  /** A Dataplane of a mesh that is not there. */
  | "unknownMesh"
  /** Dataplanes of one generated MeshService, or members of one MeshMultiZoneService, have different ports. */
  | "portsConflict"
  | "hostnameTemplate"
  | "hostnameCollision"
  | "hostnameShadowed"
  /** ZoneIngresses of two zones advertise one address: one of the zones gets the traffic of both. */
  | "sharedIngressAddress"
  /** A host name in place of an address that the name service does not know. */
  | "unresolvedHost"
  | VipProblemCode;

export interface LiveProblem {
  readonly kind: LiveProblemKind;
  /** undefined: the configuration, or a host name that several resources have. */
  readonly resource: ResourceKey | undefined;
  /** One sentence, or several. */
  readonly detail: string;
}

type Entry = readonly [key: string, problem: LiveProblem];

export function liveProblems(
  graph: DerivationGraph,
  collections: LiveCollections,
  unresolved: Collection<string>,
): Collection<LiveProblem> {
  const { tables, states, givenVips, hostnames, generators, rangeProblems } = collections;
  const ofServices = graph.flatMap("live/problems/services", states, ({ service, wanted }, key, read): Entry[] => {
    const conditions = objectsOf(wanted?.status ?? {}, "conditions");
    const messages = (type: string): readonly string[] =>
      conditions.flatMap((one) => (one.type === type ? [textOf(one, "message")] : []));
    return entries(service, [
      ...messages(MALFORMED).map((detail) => ({ kind: "malformed" as const, detail })),
      ...messages(PORTS_CONFLICT).map((detail) => ({ kind: "portsConflict" as const, detail })),
      ...(read.get(givenVips, key)?.problems ?? []).map(({ code, detail }) => ({ kind: code, detail })),
      ...(read.get(hostnames, key)?.conflicts ?? []).map(({ hostname, generator, winner, isShadowed }) => ({
        kind: isShadowed ? ("hostnameShadowed" as const) : ("hostnameCollision" as const),
        detail: `${hostname} of HostnameGenerator ${generator} is the name of ${winner.kind} ${winner.name}`,
      })),
      ...templateErrors(read.get(hostnames, key)?.hostnameGenerators ?? []),
    ]);
  });
  const ofProxies = graph.flatMap("live/problems/dataplanes", tables.proxies, ({ resource, mesh, problems }, _, read) =>
    entries(resource, [
      ...problems.map(malformed),
      ...(tables.worldOf(read).mesh(mesh) === undefined ? [unknownMesh(mesh)] : []),
    ]),
  );
  const ofIngresses = graph.flatMap("live/problems/ingresses", tables.zoneIngresses, ({ resource, problems }) =>
    entries(resource, problems.map(malformed)),
  );
  const ofGenerators = graph.flatMap("live/problems/hostname-generators", generators, (list) =>
    list.flatMap(({ name, problems, template }) =>
      entries({ type: "HostnameGenerator", mesh: "", name }, [
        ...problems.map(malformed),
        ...(template.ok ? [] : [{ kind: "hostnameTemplate" as const, detail: template.error }]),
      ]),
    ),
  );
  const byAddress = graph.index("live/ingresses/by-address", tables.zoneIngresses, ({ advertised }) =>
    advertised === undefined ? [] : [`${advertised.address}\u0000${advertised.port}`],
  );
  const ofAddresses = graph.flatMap("live/problems/ingress-addresses", byAddress, (group): Entry[] => {
    const zones = [...new Set(group.map(({ zone }) => zone))].sort();
    const [first] = group;
    if (zones.length < 2 || first?.advertised === undefined) return [];
    const { address, port } = first.advertised;
    const detail = `ZoneIngresses of the zones ${zones.join(", ")} advertise the same address ${address} and port ${port}`;
    return entries(first.resource, [{ kind: "sharedIngressAddress", detail }]);
  });
  const ofHosts = graph.flatMap("live/problems/hosts", unresolved, (reason, host): Entry[] => [
    [host, { kind: "unresolvedHost", resource: undefined, detail: `${host} stands for an address: ${reason}` }],
  ]);
  const ofRanges = graph.flatMap("live/problems/ranges", rangeProblems, (problems): Entry[] =>
    problems.map(
      ({ code, kind, detail }): Entry => [
        `${code}\u0000${kind}\u0000${detail}`,
        { kind: code, resource: undefined, detail },
      ],
    ),
  );
  return graph.merge("live/problems", [
    ofServices,
    ofProxies,
    ofIngresses,
    ofGenerators,
    ofAddresses,
    ofHosts,
    ofRanges,
  ]);
}

type Complaint = Pick<LiveProblem, "kind" | "detail">;

const malformed = (detail: string): Complaint => ({ kind: "malformed", detail });

const unknownMesh = (mesh: string): Complaint => ({
  kind: "unknownMesh",
  detail: `there is no Mesh ${mesh}: nothing is generated for it and nothing can be reached from it`,
});

/** Of generators that could not make a name of this service. */
function templateErrors(statuses: readonly JsonObject[]): readonly Complaint[] {
  return statuses.flatMap((status) =>
    objectsOf(status, "conditions")
      .filter(({ reason }) => reason === "TemplateError")
      .map((one): Complaint => {
        const generator = textOf(objectOf(status, "hostnameGeneratorRef"), "coreName");
        return { kind: "hostnameTemplate", detail: `HostnameGenerator ${generator}: ${textOf(one, "message")}` };
      }),
  );
}

function entries(resource: ResourceKey, problems: readonly Complaint[]): Entry[] {
  const { type, mesh, name } = resource;
  return problems.map(
    ({ kind, detail }, index): Entry => [
      `${keyOf(resource)}\u0000${kind}\u0000${index}`,
      { kind, resource: { type, mesh, name }, detail },
    ],
  );
}
