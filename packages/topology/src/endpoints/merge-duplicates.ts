/**
 * One endpoint for each address and port: of several Envoy keeps the first and drops the others, with their weights
 * (envoy: EdsClusterImpl::BatchUpdateHelper::updateLocalityEndpoints). What is dropped should be known and not silent.
 */
import type { Labels } from "@isthmus/resources";
import { excluded } from "./candidate.ts";
import type { Candidate, Endpoint } from "./endpoint-set.ts";
import { socketAddress } from "./socket-address.ts";

/** The first of each address stays, the others are out. */
export function firstOfEach(candidates: readonly Candidate[]): readonly Candidate[] {
  const taken = new Set<string>();
  return candidates.map((candidate) => {
    const { endpoint } = candidate;
    if (endpoint === undefined) return candidate;
    const address = socketAddress(endpoint.address, endpoint.port);
    if (!taken.has(address)) {
      taken.add(address);
      return candidate;
    }
    return excluded(candidate, "duplicateAddress", `${address} is in the set already`);
  });
}

/** The first of each address stays and gets the weights of all; the tags are those on which all agree. */
export function mergeEach(candidates: readonly Candidate[]): readonly Candidate[] {
  const groups = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    if (candidate.endpoint === undefined) continue;
    const address = socketAddress(candidate.endpoint.address, candidate.endpoint.port);
    const group = groups.get(address);
    if (group === undefined) groups.set(address, [candidate]);
    else group.push(candidate);
  }
  if ([...groups.values()].every((group) => group.length === 1)) return candidates;
  const merged = new Map<Candidate, Candidate>();
  for (const [address, group] of groups) {
    const [first, ...others] = group;
    if (first?.endpoint === undefined || others.length === 0) continue;
    const endpoints = group.flatMap(({ endpoint }) => endpoint ?? []);
    merged.set(first, {
      ...first,
      endpoint: { ...first.endpoint, weight: sumOfWeights(endpoints), tags: commonTags(endpoints) },
      weightReason: group.map(({ weightReason }) => weightReason).join(" + "),
    });
    for (const other of others) {
      merged.set(other, excluded(other, "duplicateAddress", `counted with the first endpoint of ${address}`));
    }
  }
  return candidates.map((candidate) => merged.get(candidate) ?? candidate);
}

function sumOfWeights(endpoints: readonly Endpoint[]): number {
  return endpoints.reduce((sum, { weight }) => sum + weight, 0);
}

function commonTags(endpoints: readonly Endpoint[]): Labels {
  const [first, ...others] = endpoints.map(({ tags }) => tags);
  return Object.fromEntries(
    Object.entries(first ?? {}).filter(([key, value]) => others.every((tags) => tags[key] === value)),
  );
}
