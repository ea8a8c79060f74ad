/** Operations of JSON Patch (RFC 6902). Source: kuma v2.14.3: api/common/v1alpha1/jsonpatch.go. */
import { arrayOf, object, oneOf, optional, required, text } from "./shape.ts";

export const JSON_PATCH_OPERATIONS = ["add", "remove", "replace", "move", "copy"] as const;

export const jsonPatches = optional(
  arrayOf(
    object({
      op: required(oneOf(JSON_PATCH_OPERATIONS)),
      path: required(text),
      // To replace a value by null is a change like others.
      value: { ...optional({ kind: "any" }), decodesNull: true },
      from: optional(text),
    }),
  ),
);
