/**
 * Checks a value against a schema and reports every rule it breaks, in the words of Kubernetes' OpenAPI validator, which
 * is what Kuma puts into the answers of its API.
 * Source: k8s.io/kube-openapi: pkg/validation/validate, kuma v2.14.3: pkg/core/resources/model/rest/unmarshaller.go.
 */
import { isBase64, isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import type { IntegerSchema, NumberSchema, ObjectSchema, Schema, StringSchema } from "./schema.ts";
import type { Violation } from "./violation.ts";
import { at, MORE_VIOLATIONS, member, VIOLATIONS_MAX } from "./violation.ts";

/**
 * `path` is where `value` sits in the resource; "" for the resource itself. In order of text: Kuma's order follows that of
 * a Go map and differs from one answer to the next.
 */
export function schemaViolations(schema: Schema, value: JsonValue, path: string): readonly Violation[] {
  const texts: string[] = [];
  check(schema, value, path, texts);
  const isCut = texts.length > VIOLATIONS_MAX;
  const violations = texts.slice(0, VIOLATIONS_MAX).sort().map(toViolation);
  return isCut ? [...violations, MORE_VIOLATIONS] : violations;
}

const INT32_LIMIT = 2 ** 31;
const INT64_LIMIT = 2 ** 63;
/** RFC 3339 as the validator reads it. */
const DATE_TIME =
  /^\d{4}-\d{2}-\d{2}[tT]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([zZ]|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

const patterns = new Map<string, RegExp>();

function check(schema: Schema, value: JsonValue, path: string, out: string[]): void {
  if (out.length > VIOLATIONS_MAX) return;
  switch (schema.kind) {
    case "any":
      return;
    case "object":
      if (isJsonObject(value)) checkObject(schema, value, path, out);
      else out.push(wrongType(path, "object", value));
      return;
    case "map":
      if (!isJsonObject(value)) {
        out.push(wrongType(path, "object", value));
        return;
      }
      for (const [name, item] of Object.entries(value)) check(schema.values, item, `${path}.${name}`, out);
      return;
    case "array":
      if (!Array.isArray(value)) {
        out.push(wrongType(path, "array", value));
        return;
      }
      (value as readonly JsonValue[]).forEach((item, i) => check(schema.items, item, at(path, i), out));
      if (schema.minItems !== undefined && value.length < schema.minItems) {
        out.push(`${path} in body should have at least ${schema.minItems} items`);
      }
      if (schema.maxItems !== undefined && value.length > schema.maxItems) {
        out.push(`${path} in body should have at most ${schema.maxItems} items`);
      }
      return;
    case "string":
      checkString(schema, value, path, out);
      return;
    case "duration":
      if (typeof value !== "string") out.push(wrongType(path, "string", value));
      return;
    case "integer":
      checkInteger(schema, value, path, out);
      return;
    case "number":
      if (typeof value !== "number") out.push(wrongType(path, "number", value));
      else checkBounds(schema, value, path, out);
      return;
    case "boolean":
      if (typeof value !== "boolean") out.push(wrongType(path, "boolean", value));
      return;
    case "intOrString":
      if (value === null || typeof value === "string" || isWhole(value)) return;
      out.push(`"${path}" must validate at least one schema (anyOf)`);
      checkInteger({ kind: "integer" }, value, path, out);
      return;
  }
}

function checkObject(schema: ObjectSchema, value: JsonObject, path: string, out: string[]): void {
  if (schema.additional !== undefined && schema.additional.kind !== "any") {
    for (const [name, item] of Object.entries(value)) {
      if (!Object.hasOwn(schema.properties, name)) check(schema.additional, item, `${path}.${name}`, out);
    }
  }
  for (const [name, property] of Object.entries(schema.properties)) {
    const item = Object.hasOwn(value, name) ? value[name] : undefined;
    if (item !== undefined) check(property.schema, item, member(path, name), out);
  }
  for (const [name, property] of Object.entries(schema.properties)) {
    if (property.required === true && !Object.hasOwn(value, name)) out.push(`${path}.${name} in body is required`);
  }
}

function checkString(schema: StringSchema, value: JsonValue, path: string, out: string[]): void {
  if (typeof value !== "string") {
    if (schema.format === undefined || value === null) out.push(wrongType(path, "string", value));
    // A text with a format is compared by format, and an array passes here: the decoder refuses it.
    else if (!Array.isArray(value)) out.push(`${path} in body must be of type ${schema.format}: "${formatOf(value)}"`);
  } else {
    const violated = firstStringRule(schema, value);
    if (violated !== undefined) out.push(`${path} in body ${violated}`);
    if (schema.format !== undefined && !hasFormat(value, schema.format)) {
      out.push(`${path} in body must be of type ${schema.format}: ${JSON.stringify(value)}`);
    }
  }
  checkEnum(schema.enum, value, path, out);
}

function checkEnum(
  allowed: StringSchema["enum"] | IntegerSchema["enum"],
  value: JsonValue,
  path: string,
  out: string[],
) {
  if (allowed !== undefined && !allowed.some((one) => one === value)) {
    out.push(`${path} in body should be one of [${allowed.join(" ")}]`);
  }
}

function firstStringRule(schema: StringSchema, value: string): string | undefined {
  const { minLength, maxLength, pattern } = schema;
  if (maxLength !== undefined && value.length > maxLength && characters(value) > maxLength) {
    return `should be at most ${maxLength} chars long`;
  }
  if (minLength !== undefined && characters(value) < minLength) return `should be at least ${minLength} chars long`;
  if (pattern !== undefined && !compile(pattern).test(value)) return `should match '${pattern}'`;
  return undefined;
}

function checkInteger(schema: IntegerSchema, value: JsonValue, path: string, out: string[]): void {
  checkEnum(schema.enum, value, path, out);
  if (typeof value !== "number") {
    const hasFormat = schema.format !== undefined && (typeof value === "boolean" || isJsonObject(value));
    out.push(hasFormat ? `${path} in body must be of type ${schema.format}: ""` : wrongType(path, "integer", value));
    return;
  }
  if (!isWhole(value)) {
    out.push(
      schema.format === undefined
        ? wrongType(path, "integer", value)
        : `${path} in body must be of type ${schema.format}: "float64"`,
    );
  }
  const limit = schema.format === "int32" ? INT32_LIMIT : INT64_LIMIT;
  if (!Number.isInteger(value) || value < -limit || value >= limit) {
    const format = schema.format === undefined ? "(default format)" : `with format ${schema.format}`;
    out.push(`Checked value must be of type integer ${format} in ${path}`);
  }
  checkBounds(schema, value, path, out);
}

function checkBounds(schema: IntegerSchema | NumberSchema, value: number, path: string, out: string[]): void {
  if (schema.minimum !== undefined && value < schema.minimum) {
    out.push(`${path} in body should be greater than or equal to ${goNumber(schema.minimum)}`);
  }
  if (schema.maximum !== undefined && value > schema.maximum) {
    out.push(`${path} in body should be less than or equal to ${goNumber(schema.maximum)}`);
  }
}

/** Bounds are floating-point numbers there, which Go prints with an exponent from a million on. */
const goNumber = (value: number): string =>
  Math.abs(value) < 1_000_000 ? String(value) : value.toExponential().replace(/(?<=e[+-])(?=\d$)/, "0");

/** Code points, as Go counts runes. */
const characters = (value: string): number => Array.from(value).length;

/** The validator calls a number an integer only as far as a double holds every integer. */
const isWhole = (value: JsonValue): boolean => Number.isSafeInteger(value);

const wrongType = (path: string, expected: string, value: JsonValue): string =>
  `${path} in body must be of type ${expected}: "${jsonTypeOf(value)}"`;

function jsonTypeOf(value: JsonValue): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value;
}

const formatOf = (value: JsonValue): string => (typeof value === "number" ? "float64" : "");

/** Of bytes there is at least one. */
const hasFormat = (value: string, format: "date-time" | "byte"): boolean =>
  format === "byte" ? value !== "" && isBase64(value) : DATE_TIME.test(value);

function compile(pattern: string): RegExp {
  let compiled = patterns.get(pattern);
  if (compiled === undefined) {
    compiled = new RegExp(pattern);
    patterns.set(pattern, compiled);
  }
  return compiled;
}

/** Kuma splits texts about the spec into field and reason and leaves all others whole, without a field. */
function toViolation(text: string): Violation {
  const space = text.indexOf(" ");
  return text.startsWith("spec.") && space > 0
    ? { field: text.slice(0, space), reason: text.slice(space + 1) }
    : { field: "", reason: text };
}
