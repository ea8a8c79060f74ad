/** Where the connections of an outbound go. Source: kuma v2.14.3: pkg/plugins/policies/meshtcproute. */
import { objectOf } from "@isthmus/resources";
import { tcpChain } from "../build/chains.ts";
import type { ChainDraft } from "../draft/draft.ts";
import type { WeightedDestination } from "./route-backends.ts";
import type { RouteContext } from "./route-context.ts";

const TYPE = "MeshTCPRoute";

/** Whether a MeshTCPRoute speaks of the destination. */
export function takesTcpRoute({ policies, own }: RouteContext): boolean {
  return policies.conf(TYPE, own.role) !== undefined;
}

export function tcpSplitOf(context: RouteContext, stat: string): ChainDraft {
  const { own } = context;
  const backends = backendsOf(context);
  const [only = { destination: own, weight: 1 }] = backends;
  const chain = tcpChain(own.role, stat, only.destination.cluster);
  if (backends.length < 2 || chain.end.kind !== "tcp") return chain;
  const clusters = backends.map(({ destination, weight }) => ({ name: destination.cluster, weight }));
  const { cluster: _cluster, ...proxy } = chain.end.proxy;
  return { ...chain, end: { kind: "tcp", proxy: { ...proxy, weightedClusters: { clusters } } } };
}

/** What is said is one rule; the route of the strongest policy decides where its names lead. */
function backendsOf({ policies, own, backends }: RouteContext): readonly WeightedDestination[] {
  const conf = policies.conf(TYPE, own.role);
  const origin = conf?.entries.at(-1);
  return conf === undefined || origin === undefined ? [] : backends.of(origin.policy, objectOf(conf.conf, "default"));
}
