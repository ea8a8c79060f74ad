/**
 * Parts of Envoy's configuration that users write as YAML or JSON: whether they can be read at all, whether every member has
 * the kind of value that Envoy's description asks for, and whether what is added has its names.
 * Source: kuma v2.14.3: pkg/core/resources/apis/mesh/validators.go (ValidateResourceYAML).
 */
import { envoyValueError } from "@isthmus/proto/envoy/user-value";
import { isJsonObject, type JsonValue } from "@isthmus/std";
import { parseYaml11 } from "../yaml-documents.ts";
import { listAt, textAt } from "./json-access.ts";

export interface EnvoyPart {
  /** Full name of Envoy's message. */
  readonly message: string;
  /** What Envoy wants to be there, in order: texts that are not empty, and lists with items. */
  readonly needs: readonly (readonly [member: string, kind: "text" | "list"])[];
}

export interface EnvoyPartRules {
  /** It is a whole part, not one to be merged into another. */
  readonly isComplete: boolean;
  /** What our reader of YAML refuses is let pass: that of Kuma takes some things that are no YAML. */
  readonly mayBeUnreadable: boolean;
}

/** Undefined when the text is such a part, or when there is no telling. */
export function envoyPartError(text: string, part: EnvoyPart, rules: EnvoyPartRules): string | undefined {
  const json = parseYaml11(text);
  if (!json.ok) return rules.mayBeUnreadable ? undefined : json.error;
  return envoyValueError(part.message, json.value) ?? (rules.isComplete ? missing(json.value, part) : undefined);
}

/** In the words of the rules that Envoy's descriptions carry, of which these are the ones that matter most. */
function missing(json: JsonValue, { message, needs }: EnvoyPart): string | undefined {
  const object = isJsonObject(json) ? json : {};
  const type = message.slice(message.lastIndexOf(".") + 1);
  for (const [member, kind] of needs) {
    const isThere = kind === "text" ? textAt(object, member) !== "" : (listAt(object, member)?.length ?? 0) > 0;
    const rule = kind === "text" ? "value length must be at least 1 runes" : "value must contain at least 1 item(s)";
    if (!isThere) return `invalid ${type}.${member[0]?.toUpperCase() ?? ""}${member.slice(1)}: ${rule}`;
  }
  return undefined;
}
