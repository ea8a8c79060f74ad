/** Which types are checked in full: a new type that forgets its schema or its rules fails here. */
import { describe, expect, it } from "vitest";
import type { Schema } from "../schema.ts";
import { builtinTypes } from "./all.gen.ts";

/** Kuma has no rules for these beyond their messages or schemas, and none for what no user writes. */
const WITHOUT_RULES = ["Config", "GlobalSecret", "MeshZoneAddress", "Secret", "Zone"];

/** Paths of objects that take any member. */
function openPaths(schema: Schema, path: string): readonly string[] {
  switch (schema.kind) {
    case "object": {
      const members = Object.entries(schema.properties).flatMap(([name, property]) =>
        openPaths(property.schema, `${path}.${name}`),
      );
      return schema.additional === undefined ? members : [path, ...members];
    }
    case "array":
      return openPaths(schema.items, `${path}[]`);
    case "map":
      return openPaths(schema.values, `${path}.*`);
    default:
      return [];
  }
}

const names = (types: readonly { readonly name: string }[]): readonly string[] => types.map(({ name }) => name).sort();

describe("every type", () => {
  it.each(builtinTypes.flatMap(({ name, format }) => (format.kind === "json" ? [[name, format.schema] as const] : [])))(
    "%s knows all members of its spec",
    (_name, schema) => {
      expect(openPaths(schema, "spec")).toEqual([]);
    },
  );

  it("has the rules of Kuma", () => {
    const unchecked = builtinTypes.filter((type) => type.validate === undefined && !type.isReadOnly);
    expect(names(unchecked)).toEqual(WITHOUT_RULES);
  });

  it("for targetRef policies warns of what is deprecated", () => {
    const silent = builtinTypes.filter((type) => type.policy?.isTargetRef === true && type.deprecations === undefined);
    // Of these Kuma says nothing either.
    expect(names(silent)).toEqual(["MeshPassthrough"]);
  });
});
