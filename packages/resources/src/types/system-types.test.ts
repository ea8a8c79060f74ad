/** Types of which their messages say nearly everything: Zone, Secret, GlobalSecret and Config. */
import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { parseResource } from "../rest-codec.ts";
import { typeNamed } from "../testing/violations-of.ts";

function specOf(typeName: string, members: JsonObject): unknown {
  const parsed = parseResource(
    typeNamed(typeName),
    { type: typeName, mesh: "default", name: "a", ...members },
    { validate: { mode: "global" } },
  );
  return parsed.ok ? parsed.value.spec : parsed.error.kind;
}

describe("system types", () => {
  const rows: [type: string, given: JsonObject, spec: unknown][] = [
    ["Zone", {}, {}],
    ["Zone", { enabled: true }, { enabled: true }],
    ["Zone", { enabled: false }, { enabled: false }],
    ["Zone", { enabled: null, unknown: 1 }, {}],
    ["Zone", { enabled: "yes" }, "malformed"],
    ["Secret", {}, {}],
    ["Secret", { data: "c2VjcmV0" }, { data: "c2VjcmV0" }],
    ["Secret", { data: "" }, { data: "" }],
    ["Secret", { data: "not base64!" }, "malformed"],
    ["Secret", { data: 1 }, "malformed"],
    ["GlobalSecret", { data: "c2VjcmV0" }, { data: "c2VjcmV0" }],
    ["GlobalSecret", { data: [] }, "malformed"],
    ["Config", { config: "text" }, { config: "text" }],
    ["Config", { config: "" }, {}],
    ["Config", { config: {} }, "malformed"],
  ];
  it.each(rows)("%s %j is %j", (type, given, spec) => {
    expect(specOf(type, given)).toEqual(spec);
  });

  it.each(["Zone", "Mesh"])("a %s gets a warning for a name that is no label of DNS", (type) => {
    const resource = { type, mesh: "", labels: {}, spec: {}, creationTime: "", modificationTime: "", version: 0 };
    const warningsOf = (name: string): unknown => typeNamed(type).deprecations?.({ ...resource, name });
    expect(warningsOf("east-1")).toEqual([]);
    expect(warningsOf("1.east")).toEqual([
      `Invalid ${type} resource name: '1.east'. It does not conform to the DNS format (RFC 1035). This is deprecated. ` +
        "Errors: a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic " +
        "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is " +
        "'[a-z]([-a-z0-9]*[a-z0-9])?')",
    ]);
  });
});

describe("core types", () => {
  const withRules = [
    "Dataplane",
    "HostnameGenerator",
    "Mesh",
    "MeshExternalService",
    "MeshIdentity",
    "MeshMultiZoneService",
    "MeshService",
    "MeshTrust",
    "Workload",
    "ZoneEgress",
    "ZoneIngress",
  ];
  it.each(withRules)("%s has rules", (name) => {
    expect(typeNamed(name).validate).toBeDefined();
  });

  it.each([...withRules, "MeshZoneAddress"])("%s has a shape of its own", (name) => {
    const { format } = typeNamed(name);
    // Not an object in which anything goes.
    if (format.kind === "json") expect(format.schema).not.toHaveProperty("additional");
    else expect(format.message).toMatch(/^kuma\./);
  });
});
