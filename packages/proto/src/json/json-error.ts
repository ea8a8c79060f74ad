/** What a JSON document or a message cannot be turned into; caught at the package's boundary and returned as a value. */

/**
 * Messages nested deeper than this are refused in both directions, so that whatever one control plane accepts, another
 * one can read: JSON of a Struct takes two messages per level and JSON documents end at 200 levels.
 */
export const MESSAGE_MAX_DEPTH = 380;

export class ProtoJsonError extends Error {
  readonly code = "PROTO_JSON";
}

/** Text of Go's decoder for a value of the wrong kind. */
export function mismatch(json: unknown, goType: string, withNumber = false): ProtoJsonError {
  const kind = kindOf(json);
  const shown = kind === "number" && withNumber ? `number ${String(json)}` : kind;
  return new ProtoJsonError(`json: cannot unmarshal ${shown} into Go value of type ${goType}`);
}

function kindOf(json: unknown): string {
  if (Array.isArray(json)) return "array";
  switch (typeof json) {
    case "boolean":
      return "bool";
    case "string":
      return "string";
    case "number":
      return "number";
    default:
      return "object";
  }
}
