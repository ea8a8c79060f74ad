/**
 * The types of policies with a targetRef, in the order in which they are applied to the configuration of a proxy.
 * Source of the order: kuma v2.14.3: the `Order` of each type, pkg/plugins/policies/*.
 */
import type { Registry, TypeDescriptor } from "@isthmus/resources";

export interface PolicyKind {
  readonly descriptor: TypeDescriptor;
  readonly name: string;
  readonly isFromAsRules: boolean;
  readonly hasFrom: boolean;
  readonly hasTo: boolean;
  /** One `default` for the proxy as a whole. */
  readonly isForProxy: boolean;
}

const ORDER = [
  "MeshHTTPRoute",
  "MeshTCPRoute",
  "MeshTLS",
  "MeshLoadBalancingStrategy",
  "MeshPassthrough",
  "MeshAccessLog",
  "MeshTrace",
  "MeshFaultInjection",
  "MeshRateLimit",
  "MeshTimeout",
  "MeshTrafficPermission",
  "MeshHealthCheck",
  "MeshCircuitBreaker",
  "MeshRetry",
  "MeshMetric",
  "MeshProxyPatch",
];

/** Types that are not in the list come after it, by name. */
export function policyKinds(registry: Registry): readonly PolicyKind[] {
  return registry
    .all()
    .flatMap(kindOf)
    .sort((a, b) => place(a) - place(b) || (a.name < b.name ? -1 : 1));
}

function kindOf(descriptor: TypeDescriptor): readonly PolicyKind[] {
  const { name, policy } = descriptor;
  if (policy?.isTargetRef !== true) return [];
  const { hasFrom, hasTo, hasRules, isFromAsRules } = policy;
  return [{ descriptor, name, isFromAsRules, hasFrom, hasTo, isForProxy: !hasFrom && !hasTo && !hasRules }];
}

function place({ name }: PolicyKind): number {
  const index = ORDER.indexOf(name);
  return index === -1 ? ORDER.length : index;
}
