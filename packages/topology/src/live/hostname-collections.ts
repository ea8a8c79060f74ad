/**
 * Host names of all services, kept up to date: templates are rendered per service, names are given out per mesh and kind. A
 * change of a service that changes none of its names goes no further than its own templates.
 */
import type { Collection, DerivationGraph, Index, Read } from "@isthmus/reactor";
import { keyOf, type Labels } from "@isthmus/resources";
import {
  assignHostnames,
  HOSTNAME_PRECEDENCE,
  type HostnameAssignment,
  type HostnameOwner,
  type Hostnames,
  type RenderedHostname,
  renderHostnames,
} from "../hostnames/assign-hostnames.ts";
import { type HostnameGenerator, readHostnameGenerator } from "../hostnames/hostname-generator.ts";
import type { ServiceKind } from "../model/service.ts";
import type { TopologyCollections } from "../world/topology-collections.ts";
import { NOT_STORED_YET, type ServiceState, type Timed } from "./service-state.ts";

export interface HostnameCollections {
  /** By key of the service. */
  readonly hostnames: Collection<Hostnames>;
  readonly generators: Collection<readonly HostnameGenerator[]>;
}

interface Named {
  readonly kind: ServiceKind;
  readonly mesh: string;
  readonly name: string;
  readonly creationTime: string;
  readonly rendered: readonly RenderedHostname[];
}

/** Templates have been rendered by then; what counts is name and age. */
const NO_LABELS: Labels = {};

export function hostnameCollections(
  graph: DerivationGraph,
  tables: TopologyCollections,
  states: Collection<ServiceState>,
  timed: Timed,
): HostnameCollections {
  const generators = graph.singleton("live/hostname-generators", (read) =>
    tables.worldOf(read).all("HostnameGenerator", "").map(readHostnameGenerator),
  );
  const generatorsSeenBy = (read: Read): readonly HostnameGenerator[] => read.value(generators) ?? [];

  const named = graph.map("live/rendered-hostnames", states, ({ service, stored, wanted }, _, read): Named => {
    const { type: kind, mesh, name } = service;
    const creationTime = stored?.creationTime ?? NOT_STORED_YET;
    const labels = (wanted ?? stored)?.labels ?? NO_LABELS;
    const { zone } = tables.worldOf(read).settings;
    const rendered = timed("hostname_generator", () =>
      renderHostnames(kind, { name, mesh, labels, creationTime }, generatorsSeenBy(read), zone),
    );
    return { kind, mesh, name, creationTime, rendered };
  });
  const groups = graph.index("live/rendered-hostnames/by", named, ({ kind, mesh }) => [groupKey(kind, mesh)]);

  // Kinds in order of precedence: each reads what those before it took.
  const assignments: Collection<HostnameAssignment>[] = [];
  for (const kind of HOSTNAME_PRECEDENCE) {
    const above = [...assignments];
    assignments.push(
      assignmentsOf(graph, kind, groups, (mesh, read) => ({
        above: ownersAbove(mesh, above, read),
        timed,
      })),
    );
  }
  const all = graph.merge("live/hostname-assignments", assignments);
  const hostnames = graph.flatMap("live/hostnames", all, ({ services }, key) => {
    const [kind = "", mesh = ""] = key.split("\u0000");
    return Array.from(services, ([name, one]): [string, Hostnames] => [keyOf({ type: kind, mesh, name }), one]);
  });
  return { hostnames, generators };
}

interface Circumstances {
  readonly above: ReadonlyMap<string, HostnameOwner>;
  readonly timed: Timed;
}

function assignmentsOf(
  graph: DerivationGraph,
  kind: ServiceKind,
  groups: Index<Named>,
  circumstances: (mesh: string, read: Read) => Circumstances,
): Collection<HostnameAssignment> {
  return graph.map(`live/hostname-assignments/${kind}`, groups, (group, _, read) => {
    const [first] = group;
    if (first?.kind !== kind) return undefined;
    const { above, timed } = circumstances(first.mesh, read);
    const services = group.map(({ name, mesh, creationTime, rendered }) => ({
      service: { name, mesh, labels: NO_LABELS, creationTime },
      rendered,
    }));
    return timed("hostname_generator", () => assignHostnames({ kind, services, above }));
  });
}

/** Of one name the owner of the kind that comes first. */
function ownersAbove(
  mesh: string,
  above: readonly Collection<HostnameAssignment>[],
  read: Read,
): ReadonlyMap<string, HostnameOwner> {
  const owners = new Map<string, HostnameOwner>();
  for (const [index, assignments] of above.entries()) {
    const kind = HOSTNAME_PRECEDENCE[index];
    const found = kind === undefined ? undefined : read.get(assignments, groupKey(kind, mesh));
    for (const [hostname, owner] of found?.owners ?? []) if (!owners.has(hostname)) owners.set(hostname, owner);
  }
  return owners;
}

const groupKey = (kind: ServiceKind, mesh: string): string => `${kind}\u0000${mesh}`;
