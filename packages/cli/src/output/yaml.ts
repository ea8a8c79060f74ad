/**
 * YAML as kumactl writes it: members in order of name, lists not indented, texts that would be read as something else in
 * double quotes.
 */
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import { Document, isScalar, Scalar, visit } from "yaml";

/** What every resource has beside its own members. */
const META = ["creationTime", "kri", "labels", "mesh", "modificationTime", "name", "type"];

export function formatYaml(value: JsonValue): string {
  const document = new Document(sorted(value), { version: "1.1", aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === "string" && isReadAsOther(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
    Pair(_, pair) {
      if (isScalar(pair.key) && typeof pair.key.value === "string" && isReadAsOther(pair.key.value)) {
        pair.key.type = Scalar.QUOTE_DOUBLE;
      }
    },
  });
  return document.toString({ indentSeq: false, lineWidth: 0, singleQuote: true, nullStr: "null" }).trimEnd();
}

/** One resource. Where its own members stand beside those of all resources, they come after them. */
export function formatResourceYaml(resource: JsonObject): string {
  if (isJsonObject(resource["spec"])) return formatYaml(resource);
  const meta: Record<string, JsonValue> = {};
  const own: Record<string, JsonValue> = {};
  for (const [name, value] of Object.entries(resource)) (META.includes(name) ? meta : own)[name] = value;
  const parts = [meta, own].filter((part) => Object.keys(part).length > 0);
  return parts.map((part) => formatYaml(part)).join("\n");
}

/** Texts that YAML 1.1, which Go's reader follows, takes for a number, a time or a truth value. */
function isReadAsOther(text: string): boolean {
  return (
    /^[-+]?(\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(e[-+]?\d+)?$/i.test(text) ||
    /^[-+]?0[xob][\da-f_]+$/i.test(text) ||
    /^[-+]?\.(inf|nan)$/i.test(text) ||
    /^\d{4}-\d{1,2}-\d{1,2}([Tt ]|$)/.test(text) ||
    /^(y|n|yes|no|on|off|true|false|null|~|)$/i.test(text) ||
    /^[-+]?\d+(:[0-5]?\d)+(\.\d*)?$/.test(text)
  );
}

function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map((item: JsonValue) => sorted(item));
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([name, member]) => [name, sorted(member)]));
}
