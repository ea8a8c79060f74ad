import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";

/** The objects of a list; what is none is left out, so that nothing is made of it. */
export function objectItems(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}
