/** A sidecar as the one who asks for endpoints, with the load balancing policies that apply to it found once. */
import {
  type LocalityClient,
  type MatchedPolicy,
  type Policy,
  policiesFor,
  policyOf,
  proxyOf,
  selectGateway,
  tagValues,
} from "@isthmus/policy";
import type { Resource } from "@isthmus/resources";
import type { Proxy } from "../model/proxy.ts";
import type { World } from "../world/world.ts";

export interface Client {
  readonly proxy: Proxy;
  readonly locality: LocalityClient;
  /** MeshLoadBalancingStrategies that select the proxy, in ascending order of precedence. */
  readonly strategies: readonly MatchedPolicy[];
}

export function clientOf(proxy: Proxy, world: World): Client {
  const { mesh, resource } = proxy;
  const gateway =
    proxy.gateway?.type === "BUILTIN" ? selectGateway(resource, world.all("MeshGateway", mesh)) : undefined;
  const policyProxy = proxyOf(resource, gateway);
  const strategies = world.all("MeshLoadBalancingStrategy", mesh).map(readOnce);
  const routes = strategies.length === 0 ? [] : world.all("MeshHTTPRoute", mesh).map(readOnce);
  return {
    proxy,
    locality: { zone: world.settings.zone, tags: tagValues(policyProxy), labels: proxy.labels },
    strategies: strategies.length === 0 ? [] : policiesFor(policyProxy, strategies, { routes }).matched,
  };
}

/** Resources are immutable, and many clients share few policies. */
const POLICIES = new WeakMap<Resource, Policy>();

function readOnce(resource: Resource): Policy {
  const known = POLICIES.get(resource);
  if (known !== undefined) return known;
  const policy = policyOf(resource);
  POLICIES.set(resource, policy);
  return policy;
}
