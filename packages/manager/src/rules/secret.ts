/**
 * A secret that a CA backend of its mesh uses is not deleted. Secrets outlive their mesh, because they are made before it
 * and by other people. Source: kuma v2.14.3: pkg/core/secrets/manager/validator.go.
 */
import { secretUsedByMesh } from "@isthmus/resources";
import type { WriteRule } from "../write-rule.ts";

export const secretRule: WriteRule = {
  isOwnedByMesh: false,

  checkDelete(key, context) {
    // On a federated zone secrets come and go with the global's, which has checked.
    if (context.unsafeDelete === true || context.isFederated) return undefined;
    const mesh = context.store.get({ type: "Mesh", mesh: "", name: key.mesh });
    const violations = mesh === undefined ? [] : secretUsedByMesh(mesh, key.name);
    return violations.length === 0 ? undefined : { kind: "invalid", step: "delete", violations };
  },
};
