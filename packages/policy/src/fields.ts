/** Members of JSON objects as what they should be; what is of another shape counts as absent. */
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";

export function objectsOf(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

export function objectAt(parent: JsonObject, member: string): JsonObject {
  const value = parent[member];
  return isJsonObject(value) ? value : {};
}

export function textAt(parent: JsonObject, member: string): string {
  const value = parent[member];
  return typeof value === "string" ? value : "";
}

export function numberAt(parent: JsonObject, member: string): number {
  const value = parent[member];
  return typeof value === "number" ? value : 0;
}
