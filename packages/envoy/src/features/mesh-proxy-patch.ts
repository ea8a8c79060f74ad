/**
 * MeshProxyPatch: changes to what was made, in the words of Envoy. They are applied to whole resources, when those are finished.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshproxypatch.
 */
import { describePolicy, proxyConf } from "@isthmus/policy";
import { objectsOf } from "@isthmus/resources";
import { type Modification, readModification } from "../patches/modification.ts";
import type { Feature } from "./feature.ts";

const TYPE = "MeshProxyPatch";

export const meshProxyPatch: Feature = (draft, { subject, policies }) => {
  if (subject.kind !== "sidecar") return;
  for (const policy of proxyConf(policies.matched(TYPE))?.origins ?? []) {
    for (const [index, source] of objectsOf(policy.conf, "appendModifications").entries()) {
      const modification = readModification(source, `${describePolicy(policy)}: modification ${index}`);
      if (!modification.ok) draft.problems.push(modification.error);
      // What is added is added once, not to each of the outbounds.
      else if (subject.part !== "outbound" || !isAddition(modification.value))
        draft.modifications.push(modification.value);
    }
  }
};

function isAddition({ kind, operation }: Modification): boolean {
  return operation === "Add" && (kind === "cluster" || kind === "listener");
}
