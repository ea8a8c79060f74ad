/**
 * A secret that a CA backend of its mesh uses is not deleted. Secrets outlive their mesh, because they are made before it
 * and by other people. Source: kuma v2.14.3: pkg/core/secrets/manager/validator.go.
 */
import { type Violation, Violations } from "@isthmus/resources";
import { arrayAt, stringAt } from "../json-path.ts";
import { builtinCertName, builtinKeyName } from "../keys/secrets.ts";
import type { WriteContext, WriteRule } from "../write-rule.ts";

export const secretRule: WriteRule = {
  isOwnedByMesh: false,

  checkDelete(key, context) {
    // On a federated zone secrets come and go with the global's, which has checked.
    if (context.unsafeDelete === true || context.isFederated) return undefined;
    const violations = usesOf(key.name, key.mesh, context);
    return violations.length === 0 ? undefined : { kind: "invalid", step: "delete", violations };
  },
};

function usesOf(secret: string, meshName: string, context: WriteContext): readonly Violation[] {
  const mesh = context.store.get({ type: "Mesh", mesh: "", name: meshName });
  const found = new Violations();
  for (const backend of arrayAt(mesh?.spec, "mtls", "backends")) {
    const name = stringAt(backend, "name");
    const used =
      stringAt(backend, "type") === "builtin"
        ? [builtinCertName(meshName, name), builtinKeyName(meshName, name)]
        : [stringAt(backend, "conf", "cert", "secret"), stringAt(backend, "conf", "key", "secret")];
    if (!used.includes(secret)) continue;
    found.add(
      "name",
      `The secret "${secret}" that you are trying to remove is currently in use in Mesh "${meshName}" in mTLS backend "${name}". Please remove the reference from the "${name}" backend before removing the secret.`,
    );
  }
  return found.list;
}
