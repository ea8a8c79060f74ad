/**
 * A new Mesh comes with its signing key, the CAs of its built-in backends and its default policies, all in the commit
 * that creates it: a crash never leaves a mesh without them, as Kuma's separate writes can.
 * Source: kuma v2.14.3: pkg/core/managers/apis/mesh.
 */
import { type Violation, Violations } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import type { Op } from "@isthmus/store";
import { meshPolicies } from "../defaults/mesh-policies.ts";
import { signingKeyOp } from "../defaults/mesh-secrets.ts";
import { objectAt, stringAt } from "../json-path.ts";
import type { WriteError } from "../write-error.ts";
import type { WriteRule } from "../write-rule.ts";
import { caBackends, checkCaBackends, missingCaOps } from "./ca-backends.ts";

const NAME_MAX = 63;
const CA_CHANGE = "Changing CA when mTLS is enabled is forbidden. Disable mTLS first and then change the CA";

export const meshRule: WriteRule = {
  checkPut({ draft, stored }, context) {
    const found = new Violations();
    if (stored === undefined && Buffer.byteLength(draft.name) > NAME_MAX) {
      found.add("name", `cannot be longer than ${NAME_MAX} characters`);
    }
    if (stored !== undefined) found.addAll(checkCaChange(stored.spec, draft.spec));
    found.addAll(checkCaBackends(draft, context));
    if (found.isEmpty) return undefined;
    return { kind: "invalid", step: stored === undefined ? "create" : "update", violations: found.list };
  },

  async companions({ draft, stored }, context) {
    const isNew = stored === undefined;
    const [cas, key] = await Promise.all([
      missingCaOps(draft.name, caBackends(draft.spec), context),
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

/** Proxies hold certificates of the enabled CA and would not trust those of another. */
function checkCaChange(stored: JsonObject, requested: JsonObject): readonly Violation[] {
  const before = enabledBackend(stored);
  const after = enabledBackend(requested);
  const isForbidden = before !== "" && after !== "" && before !== after;
  return isForbidden ? [{ field: "mtls.enabledBackend", reason: CA_CHANGE }] : [];
}

function enabledBackend(spec: JsonObject): string {
  return stringAt(objectAt(spec, "mtls"), "enabledBackend");
}
