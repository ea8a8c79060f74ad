/** Secrets are not for screens: what stands in for them still tells whether two are the same. */
import { createHash } from "node:crypto";
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";

/** Types that are secrets as a whole. */
const SECRETS: ReadonlySet<string> = new Set(["Secret", "GlobalSecret"]);
/** Members that hold what may be a key where it is written into a resource. Source: kuma v2.14.3: api/system/v1alpha1/datasource.proto. */
const INLINE: ReadonlySet<string> = new Set([
  "inline",
  "inlineString",
  "inlineBytes",
  "inlineClientKey",
  "insecureInline",
]);

/** The resource with digests in place of secrets. */
export function maskSecrets(resource: JsonObject): JsonObject {
  if (typeof resource["type"] === "string" && SECRETS.has(resource["type"])) {
    return { ...resource, ...(typeof resource["data"] === "string" ? { data: maskOf(resource["data"]) } : {}) };
  }
  return maskInline(resource) as JsonObject;
}

export function maskOf(secret: string): string {
  const digest = createHash("sha256").update(secret).digest("hex").slice(0, 12);
  return `***** (sha256 ${digest})`;
}

function maskInline(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map((item: JsonValue) => maskInline(item));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      if (!INLINE.has(name)) return [name, maskInline(member)];
      if (typeof member === "string") return [name, maskOf(member)];
      // `insecureInline: {value: ...}`, `inline: {value: ...}`
      const inner = isJsonObject(member) ? member["value"] : undefined;
      return [
        name,
        isJsonObject(member) && typeof inner === "string" ? { ...member, value: maskOf(inner) } : maskInline(member),
      ];
    }),
  );
}
