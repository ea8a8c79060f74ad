/**
 * MeshProxyPatch: changes to what was made, in the words of Envoy. They are applied to whole resources, when those are finished.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshproxypatch.
 */
import { describePolicy, type Policy, proxyConf } from "@isthmus/policy";
import { objectsOf } from "@isthmus/resources";
import type { Result } from "@isthmus/std";
import { type Modification, readModification } from "../patches/modification.ts";
import type { Feature } from "./feature.ts";

const TYPE = "MeshProxyPatch";

/** Reading takes milliseconds, and all proxies ask for the same. */
const READ = new WeakMap<Policy, readonly Result<Modification, string>[]>();

export const meshProxyPatch: Feature = (draft, { subject, policies }) => {
  if (subject.kind !== "sidecar") return;
  for (const modification of proxyConf(policies.matched(TYPE))?.origins.flatMap(modificationsOf) ?? []) {
    if (!modification.ok) draft.problems.push(modification.error);
    // What is added is added once, not to each of the outbounds.
    else if (subject.part !== "outbound" || !isAddition(modification.value))
      draft.modifications.push(modification.value);
  }
};

function modificationsOf(policy: Policy): readonly Result<Modification, string>[] {
  const known = READ.get(policy);
  if (known !== undefined) return known;
  const read = objectsOf(policy.conf, "appendModifications").map((source, index) =>
    readModification(source, `${describePolicy(policy)}: modification ${index}`),
  );
  READ.set(policy, read);
  return read;
}

function isAddition({ kind, operation }: Modification): boolean {
  return operation === "Add" && (kind === "cluster" || kind === "listener");
}
