/**
 * Identity of a rule of a MeshHTTPRoute: a hash of its matches, written as Go writes them. It names routes in Envoy and links
 * `_rules` to matches. Source: kuma v2.14.3: pkg/plugins/policies/meshhttproute/api/v1alpha1/meshhttproute.go `HashMatches`.
 */
import { createHash } from "node:crypto";
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import { objectItems } from "../object-items.ts";

/** Members in the order of Kuma's structs, which the hash depends on. */
const PATH = ["value", "type"];
const QUERY_PARAMETER = ["type", "name", "value"];
const HEADER = ["type", "name", "value"];

/** Characters that Go escapes in JSON. */
const ESCAPED = /[<>&\u2028\u2029]/g;

export function matchesHash(matches: JsonValue | undefined): string {
  const text = JSON.stringify(objectItems(matches).map(orderedMatch));
  const asGo = text.replace(ESCAPED, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return createHash("sha256").update(asGo).digest("base64");
}

function orderedMatch({ path, method, queryParams, headers }: JsonObject): JsonObject {
  return {
    ...(isJsonObject(path) ? { path: ordered(path, PATH) } : {}),
    ...(typeof method === "string" ? { method } : {}),
    ...(Array.isArray(queryParams) ? { queryParams: objectItems(queryParams).map(by(QUERY_PARAMETER)) } : {}),
    ...(Array.isArray(headers) ? { headers: objectItems(headers).map(by(HEADER)).map(withoutEmptyValue) } : {}),
  };
}

const by = (members: readonly string[]) => (object: JsonObject) => ordered(object, members);

function ordered(object: JsonObject, members: readonly string[]): JsonObject {
  return Object.fromEntries(
    members.flatMap((member) => {
      const value = object[member];
      return value === undefined ? [] : [[member, value]];
    }),
  );
}

/** The value of a header is left out when there is none. */
function withoutEmptyValue({ value, ...header }: JsonObject): JsonObject {
  return value === undefined || value === "" ? header : { ...header, value };
}
