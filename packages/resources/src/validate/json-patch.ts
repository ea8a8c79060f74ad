/** Rules of JSON Patch. Source: kuma v2.14.3: pkg/plugins/policies/core/jsonpatch/validators/validator.go. */
import type { JsonObject } from "@isthmus/std";
import { JSON_PATCH_OPERATIONS } from "../schemas/json-patch.ts";
import { at, type Violations } from "../violation.ts";
import { optionalTextAt, textAt } from "./json-access.ts";
import { MUST_BE_DEFINED, quotedChoice } from "./primitives.ts";

export function checkJsonPatches(patches: readonly JsonObject[], path: string, found: Violations): void {
  for (const [index, patch] of patches.entries()) checkPatch(patch, at(path, index), found);
}

function checkPatch(patch: JsonObject, path: string, found: Violations): void {
  const op = textAt(patch, "op");
  if (!JSON_PATCH_OPERATIONS.some((known) => known === op)) {
    found.add(`${path}.op`, quotedChoice("op", JSON_PATCH_OPERATIONS));
  }
  checkUse("from", ["move", "copy"], op, optionalTextAt(patch, "from") !== undefined, path, found);
  // Also null is a value.
  checkUse("value", ["add", "replace"], op, Object.hasOwn(patch, "value"), path, found);
  const target = optionalTextAt(patch, "path");
  if (target === undefined) found.add(`${path}.path`, MUST_BE_DEFINED);
  else if (op === "remove" && (target === "" || target === "/"))
    found.add(`${path}.path`, "root path cannot be removed");
}

/** A member that goes with these operations and with no others. */
function checkUse(
  name: string,
  operations: readonly string[],
  op: string,
  isThere: boolean,
  path: string,
  found: Violations,
): void {
  const isNeeded = operations.includes(op);
  if (isNeeded === isThere) return;
  const rule = isNeeded ? "must not be empty" : "is allowed only";
  const list = operations.map((each) => `"${each}"`).join(", ");
  found.add(`${path}.${name}`, `"${name}" ${rule} when "op" is one of [${list}]`);
}
