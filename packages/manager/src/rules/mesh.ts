/**
 * A new Mesh comes with its signing key, the CAs of its built-in backends and its default policies, all in the commit
 * that creates it: a crash never leaves a mesh without them, as Kuma's separate writes can.
 * Source: kuma v2.14.3: pkg/core/managers/apis/mesh.
 */
import { validateCaBackends, validateMeshCreate, validateMeshUpdate } from "@isthmus/resources";
import type { Op } from "@isthmus/store";
import { asResource } from "../as-resource.ts";
import { meshPolicies } from "../defaults/mesh-policies.ts";
import { signingKeyOp } from "../defaults/mesh-secrets.ts";
import { dataSourceLoader } from "../keys/data-source.ts";
import type { WriteError } from "../write-error.ts";
import type { WriteRule } from "../write-rule.ts";
import { missingCaOps, newCaViolations } from "./builtin-ca.ts";

export const meshRule: WriteRule = {
  checkPut({ draft, stored }, context) {
    const mesh = asResource(draft);
    const load = dataSourceLoader(mesh.name, context.store);
    const known =
      stored === undefined
        ? validateMeshCreate(mesh, load)
        : [...validateMeshUpdate(stored, mesh), ...validateCaBackends(mesh, load)];
    const violations = known.length > 0 ? known : newCaViolations(mesh, context.store);
    if (violations.length === 0) return undefined;
    return { kind: "invalid", step: stored === undefined ? "create" : "update", violations };
  },

  async companions({ draft, stored }, context) {
    const isNew = stored === undefined;
    const [cas, key] = await Promise.all([
      missingCaOps(draft, context),
      isNew ? signingKeyOp(draft.name, context) : [],
    ]);
    const policies: readonly Op[] = isNew ? meshPolicies(draft, context) : [];
    return [...key, ...cas, ...policies];
  },

  checkDelete(key, context): WriteError | undefined {
    if (context.unsafeDelete === true || context.store.list("Dataplane", { mesh: key.name }).length === 0) {
      return undefined;
    }
    const reason = "unable to delete mesh, there are still some dataplanes attached";
    return { kind: "invalid", step: "delete", violations: [{ field: "mesh", reason }] };
  },
};
