/** All rules that a complete resource has to keep: schema, then the rules of its type, and its name. */
import { byteLength } from "./kubernetes-names.ts";
import { NAME_MAX_BYTES, nameViolations } from "./names.ts";
import type { Resource } from "./resource.ts";
import { schemaViolations } from "./schema-validator.ts";
import type { TypeDescriptor, ValidationContext } from "./type-descriptor.ts";
import type { Violation } from "./violation.ts";

export interface ValidateOptions {
  /**
   * The resource came over KDS. Peers hold names from times when more characters were allowed, and Kuma takes them; here
   * they only have to fit into keys. Rules speak first, as Kuma has no others for peers and their texts get into NACKs.
   */
  readonly isFromPeer?: boolean;
}

/**
 * Empty when the resource is valid. Schema and rules of the type often say the same in different words, so the later of
 * the two is asked only if the earlier one finds nothing.
 */
export function validateResource(
  descriptor: TypeDescriptor,
  resource: Resource,
  context: ValidationContext,
  options: ValidateOptions = {},
): readonly Violation[] {
  const { format } = descriptor;
  const shape = (): readonly Violation[] =>
    format.kind === "json" ? schemaViolations(format.schema, resource.spec, "spec") : [];
  const isFromPeer = options.isFromPeer === true;
  const rules = (): readonly Violation[] =>
    descriptor.validate?.(resource, isFromPeer ? { ...context, isFromPeer } : context) ?? [];
  if (isFromPeer) {
    if (descriptor.needsNoRulesFromPeers === true) return peerNameViolations(descriptor, resource);
    const found = descriptor.needsNoSchemaFromPeers === true ? rules() : firstFindings(rules, shape);
    return [...peerNameViolations(descriptor, resource), ...found];
  }
  return [...nameViolations(descriptor, resource), ...firstFindings(shape, rules)];
}

function firstFindings(first: () => readonly Violation[], second: () => readonly Violation[]): readonly Violation[] {
  const found = first();
  return found.length > 0 ? found : second();
}

function peerNameViolations(descriptor: TypeDescriptor, resource: Resource): readonly Violation[] {
  const parts: [string, string][] = [["name", resource.name]];
  if (descriptor.scope === "Mesh") parts.push(["mesh", resource.mesh]);
  return parts.flatMap(([field, value]) => {
    if (value === "") return [{ field, reason: "cannot be empty" }];
    if (byteLength(value) > NAME_MAX_BYTES) {
      return [{ field, reason: `value length must less or equal ${NAME_MAX_BYTES}` }];
    }
    return KEY_CHARACTERS.test(value)
      ? []
      : [{ field, reason: "invalid characters. Spaces and control characters are not allowed." }];
  });
}

/** Printable and without spaces: a NUL separates the parts of a key, a line break those of a log. */
const KEY_CHARACTERS = /^[^\p{Cc}\p{Cs}\p{Z}]+$/u;
