import type { JsonValue } from "@isthmus/std";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Schema } from "./schema.ts";
import { decodeWithSchema } from "./schema-decoder.ts";
import { applyDefaults } from "./schema-defaults.ts";
import { schemaViolations } from "./schema-validator.ts";

const text: Schema = { kind: "string" };
const port: Schema = { kind: "integer", format: "int32", minimum: 1, maximum: 65535 };

/** Texts as the validator gives them for one member `x` of the spec. */
function textsFor(schema: Schema, value: JsonValue): string[] {
  const spec: Schema = { kind: "object", properties: { x: { schema } } };
  return schemaViolations(spec, { x: value }, "spec").map((v) =>
    v.field === "" ? v.reason : `${v.field} ${v.reason}`,
  );
}

describe("schemaViolations", () => {
  const cases: [string, Schema, JsonValue, string[]][] = [
    ["text instead of number", text, 1, ['spec.x in body must be of type string: "number"']],
    ["null", text, null, ['spec.x in body must be of type string: "null"']],
    ["object for text", text, {}, ['spec.x in body must be of type string: "object"']],
    ["array for map", { kind: "map", values: text }, [], ['spec.x in body must be of type object: "array"']],
    ["enum", { kind: "string", enum: ["A", "B"] }, "C", ["spec.x in body should be one of [A B]"]],
    [
      "wrong type and enum",
      { kind: "string", enum: ["A"] },
      null,
      ['spec.x in body must be of type string: "null"', "spec.x in body should be one of [A]"],
    ],
    ["too short", { kind: "string", minLength: 1 }, "", ["spec.x in body should be at least 1 chars long"]],
    ["too long", { kind: "string", maxLength: 2 }, "abc", ["spec.x in body should be at most 2 chars long"]],
    ["length in characters, not in code units", { kind: "string", maxLength: 2 }, "🎯🎯", []],
    [
      "only the first rule of a text",
      { kind: "string", maxLength: 1, pattern: "^a$" },
      "bb",
      ["spec.x in body should be at most 1 chars long"],
    ],
    ["pattern", { kind: "string", pattern: "^[a-z]+$" }, "A", ["spec.x in body should match '^[a-z]+$'"]],
    ["date", { kind: "string", format: "date-time" }, "today", ['spec.x in body must be of type date-time: "today"']],
    ["good date", { kind: "string", format: "date-time" }, "2026-08-07T15:05:59.1Z", []],
    ["bytes", { kind: "string", format: "byte" }, "a b", ['spec.x in body must be of type byte: "a b"']],
    ["minimum", port, 0, ["spec.x in body should be greater than or equal to 1"]],
    ["maximum", port, 65536, ["spec.x in body should be less than or equal to 65535"]],
    ["text for a port", port, "80", ['spec.x in body must be of type integer: "string"']],
    ["boolean for a port", port, true, ['spec.x in body must be of type int32: ""']],
    [
      "fraction without format",
      { kind: "integer" },
      1.5,
      [
        "Checked value must be of type integer (default format) in spec.x",
        'spec.x in body must be of type integer: "number"',
      ],
    ],
    [
      "out of 32 bits",
      { kind: "integer", format: "int32" },
      2 ** 31,
      ["Checked value must be of type integer with format int32 in spec.x"],
    ],
    ["few items", { kind: "array", items: text, minItems: 1 }, [], ["spec.x in body should have at least 1 items"]],
    [
      "many items",
      { kind: "array", items: text, maxItems: 1 },
      ["a", "b"],
      ["spec.x in body should have at most 1 items"],
    ],
    ["item", { kind: "array", items: text }, ["a", 2], ['spec.x[1] in body must be of type string: "number"']],
    ["map value", { kind: "map", values: text }, { a: 2 }, ['spec.x.a in body must be of type string: "number"']],
    [
      "number or text: neither",
      { kind: "intOrString" },
      true,
      ['"spec.x" must validate at least one schema (anyOf)', 'spec.x in body must be of type integer: "boolean"'],
    ],
    ["number or text: both fit", { kind: "array", items: { kind: "intOrString" } }, [80, "http"], []],
    ["duration is any text to the schema", { kind: "duration" }, "soon", []],
    ["boolean", { kind: "boolean" }, "yes", ['spec.x in body must be of type boolean: "string"']],
    ["number", { kind: "number", maximum: 1.5 }, 2, ["spec.x in body should be less than or equal to 1.5"]],
    ["anything", { kind: "any" }, [null], []],
  ];
  it.each(cases)("%s", (_name, schema, value, texts) => {
    expect(textsFor(schema, value)).toEqual(texts);
  });

  it("reports required members, the ones at the top without a field", () => {
    const inner: Schema = { kind: "object", properties: { kind: { schema: text, required: true } } };
    const schema: Schema = {
      kind: "object",
      properties: {
        spec: { schema: { kind: "object", properties: { to: { schema: { kind: "array", items: inner } } } } },
      },
    };
    expect(schemaViolations(schema, { spec: { to: [{}] } }, "")).toEqual([
      { field: "spec.to[0].kind", reason: "in body is required" },
    ]);
    const top: Schema = { kind: "object", properties: { spec: { schema: inner, required: true } } };
    expect(schemaViolations(top, {}, "")).toEqual([{ field: "", reason: ".spec in body is required" }]);
  });

  it("ignores members that the schema does not name", () => {
    expect(schemaViolations({ kind: "object", properties: {} }, { a: 1 }, "spec")).toEqual([]);
  });
});

describe("applyDefaults", () => {
  const schema: Schema = {
    kind: "object",
    properties: {
      state: { schema: { kind: "string", default: "Unavailable" } },
      enabled: { schema: { kind: "boolean", default: false } },
      ports: {
        schema: {
          kind: "array",
          items: { kind: "object", properties: { appProtocol: { schema: { kind: "string", default: "tcp" } } } },
        },
      },
      nested: { schema: { kind: "object", properties: { a: { schema: { kind: "integer", default: 3 } } } } },
      byName: {
        schema: {
          kind: "map",
          values: { kind: "object", properties: { a: { schema: { kind: "integer", default: 1 } } } },
        },
      },
    },
  };

  it("fills what is absent, at every depth, but invents no object", () => {
    expect(applyDefaults(schema, { ports: [{ port: 1 }], byName: { x: {} } })).toEqual({
      state: "Unavailable",
      enabled: false,
      ports: [{ port: 1, appProtocol: "tcp" }],
      byName: { x: { a: 1 } },
    });
  });

  it("replaces null by the default and leaves other values alone, even of a wrong type", () => {
    expect(applyDefaults(schema, { state: null, enabled: "x", nested: null, ports: null })).toEqual({
      state: "Unavailable",
      enabled: "x",
      nested: null,
      ports: null,
    });
  });

  it("changes nothing in place", () => {
    const given = { ports: [{ port: 1 }] };
    applyDefaults(schema, given);
    expect(given).toEqual({ ports: [{ port: 1 }] });
  });
});

describe("decodeWithSchema", () => {
  const schema: Schema = {
    kind: "object",
    properties: {
      name: { schema: text, omitEmpty: true },
      selector: {
        schema: {
          kind: "object",
          properties: { inner: { schema: { kind: "object", properties: {} }, alwaysEmitted: true } },
        },
        alwaysEmitted: true,
      },
      timeout: { schema: { kind: "duration" } },
      ports: {
        schema: { kind: "array", items: { kind: "object", properties: { port: { schema: port } } } },
        omitEmpty: true,
      },
      list: { schema: { kind: "array", items: text } },
    },
  };
  const dropped = (value: JsonValue): unknown => decodeWithSchema(schema, value, "drop");
  const kept = (value: JsonValue): unknown => decodeWithSchema(schema, value, "keep");

  it("orders members as the schema does and drops unknown, null and empty ones", () => {
    const result = decodeWithSchema(
      schema,
      { list: [], ports: [], extra: 1, timeout: "60s", name: "", selector: null },
      "drop",
    );
    expect(result).toEqual({ ok: true, value: { selector: { inner: {} }, timeout: "1m0s", list: [] } });
    if (result.ok) expect(Object.keys(result.value as object)).toEqual(["selector", "timeout", "list"]);
  });

  it("keeps unknown members and the given order of what a peer sent", () => {
    const result = decodeWithSchema(schema, { zz: { a: 1 }, timeout: "1h", selector: { inner: {} }, aa: null }, "keep");
    expect(JSON.stringify(result.ok && result.value)).toBe(
      '{"zz":{"a":1},"timeout":"1h0m0s","selector":{"inner":{}},"aa":null}',
    );
  });

  it("returns a canonical value itself", () => {
    const value = { selector: { inner: {} }, timeout: "15s", ports: [{ port: 80 }] };
    const result = decodeWithSchema(schema, value, "keep");
    expect(result.ok && result.value).toBe(value);
  });

  it("matches names of peers without regard to case, exact ones first", () => {
    expect(kept({ selector: { inner: {} }, PORTS: [{ Port: 1 }] })).toEqual({
      ok: true,
      value: { selector: { inner: {} }, ports: [{ port: 1 }] },
    });
    expect(kept({ selector: { inner: {} }, Name: "b", name: "a" })).toEqual({
      ok: true,
      value: { selector: { inner: {} }, name: "a" },
    });
    expect(dropped({ Name: "b" })).toEqual({ ok: true, value: { selector: { inner: {} } } });
  });

  it.each<[JsonValue, string]>([
    [{ timeout: "soon" }, 'time: invalid duration "soon"'],
    [{ timeout: 5 }, "json: cannot unmarshal number into Go struct field timeout of type string"],
    [{ ports: [{ port: "80" }] }, "json: cannot unmarshal string into Go struct field ports.port of type int32"],
    [{ ports: [{ port: 1.5 }] }, "json: cannot unmarshal number 1.5 into Go struct field ports.port of type int32"],
    [{ selector: [] }, "json: cannot unmarshal array into Go struct field selector of type object"],
    [[], "json: cannot unmarshal array into Go value of type object"],
    [{ name: true }, "json: cannot unmarshal bool into Go struct field name of type string"],
  ])("refuses %j", (value, error) => {
    expect(dropped(value)).toEqual({ ok: false, error });
    expect(kept(value)).toEqual({ ok: false, error });
  });

  it("has one canonical form, which it returns as it is", () => {
    const name = fc.constantFrom("name", "Name", "selector", "timeout", "ports", "port", "list", "inner", "other");
    const { any } = fc.letrec<{ any: JsonValue }>((tie) => ({
      any: fc.oneof(
        { depthSize: "small" },
        fc.constantFrom<JsonValue>(null, true, 0, 80, 1.5, "", "a", "60s", "1m0s"),
        fc.array(tie("any"), { maxLength: 3 }),
        fc.dictionary(name, tie("any"), { maxKeys: 5 }) as fc.Arbitrary<JsonValue>,
      ),
    }));
    const root = fc.dictionary(name, any, { maxKeys: 6 }) as fc.Arbitrary<JsonValue>;
    let decodable = 0;
    fc.assert(
      fc.property(root, fc.constantFrom("drop", "keep"), (value, unknown) => {
        const once = decodeWithSchema(schema, value, unknown);
        if (!once.ok) return;
        decodable += 1;
        const twice = decodeWithSchema(schema, once.value, "keep");
        expect(twice.ok && twice.value).toBe(once.value);
      }),
      { numRuns: 2_000, seed: 1 },
    );
    expect(decodable).toBeGreaterThan(100);
  });
});
