/**
 * Zone tags of a Dataplane, its health before the first probe, and whether its mesh takes it in.
 * Source: kuma v2.14.3: pkg/core/managers/apis/dataplane.
 */
import { meshMembershipError, prepareDataplane, type Resource, workloadLabelError } from "@isthmus/resources";
import { stringAt } from "../json-path.ts";
import type { WriteError } from "../write-error.ts";
import type { Write, WriteContext, WriteRule } from "../write-rule.ts";

export const dataplaneRule: WriteRule = {
  isOwnedByMesh: false,

  prepare({ draft, stored }, context) {
    const spec = prepareDataplane(draft.spec, {
      zone: context.zoneName ?? "",
      meshExclusive: stringAt(meshOf(draft.mesh, context)?.spec, "meshServices", "mode") === "Exclusive",
      isNew: stored === undefined,
    });
    return { ...draft, spec };
  },

  checkPut(write, context) {
    return checkWorkload(write, context) ?? checkMembership(write, context);
  },
};

/** Only on creation, as Kuma. */
function checkWorkload({ draft, stored }: Write, context: WriteContext): WriteError | undefined {
  const detail = stored === undefined ? workloadLabelError(draft.labels, context.mode) : undefined;
  return detail === undefined ? undefined : { kind: "bad-request", detail };
}

function checkMembership({ draft, stored }: Write, context: WriteContext): WriteError | undefined {
  const mesh = meshOf(draft.mesh, context);
  const detail = mesh === undefined ? undefined : meshMembershipError(mesh, draft);
  return detail === undefined
    ? undefined
    : { kind: "not-a-member", step: stored === undefined ? "create" : "update", detail };
}

function meshOf(name: string, context: WriteContext): Resource | undefined {
  return context.store.get({ type: "Mesh", mesh: "", name });
}
