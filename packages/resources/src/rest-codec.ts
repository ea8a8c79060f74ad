/**
 * Resources as REST and files show them. Two shapes: "flat" (protobuf specs, whose members stand beside the meta members)
 * and "spec" (JSON specs under `spec`, with a `status` where the type has one).
 *
 * Reading goes in the steps of Kuma, each of which ends it: syntax, then (JSON specs) defaults and schema with all
 * violations, then decoding, then the rules of the type with all violations.
 * Source: kuma v2.14.3: pkg/core/resources/model/rest.
 */
import { specFromJson, specToJson } from "@isthmus/proto";
import { err, isJsonObject, type JsonObject, type JsonValue, ok, parseJson, type Result } from "@isthmus/std";
import { kriOf, kriText } from "./kri.ts";
import type { Labels, Resource } from "./resource.ts";
import type { ObjectSchema, Property, Schema, StringSchema } from "./schema.ts";
import { decodeWithSchema } from "./schema-decoder.ts";
import { applyDefaults } from "./schema-defaults.ts";
import { schemaViolations } from "./schema-validator.ts";
import { snisOf } from "./sni.ts";
import type { TypeDescriptor, ValidationContext } from "./type-descriptor.ts";
import type { Violation } from "./violation.ts";

/** What Go prints for a time that was never set. */
export const ZERO_TIME = "0001-01-01T00:00:00Z";

export type ParseFailure =
  /** Answered as 400 `Bad Request`; `detail` is complete. */
  | { readonly kind: "malformed"; readonly detail: string }
  /** Answered as 400 `Could not process a resource`. */
  | { readonly kind: "invalid"; readonly violations: readonly Violation[] };

export interface ParseOptions {
  /** Run the rules of the type as well. */
  readonly validate?: ValidationContext;
  /**
   * Times and status are taken over, for documents that a control plane printed. From users they are ignored: times are
   * zero and the status is the empty one.
   */
  readonly isFromServer?: boolean;
}

/** `version` of the result is 0 and names are not checked: what they have to be depends on where the resource goes. */
export function parseResource(
  descriptor: TypeDescriptor,
  document: string | JsonObject,
  options: ParseOptions = {},
): Result<Resource, ParseFailure> {
  if (typeof document !== "string") return parseDocument(descriptor, document, options);
  const json = parseJson(document);
  return json.ok
    ? parseDocument(descriptor, json.value, options)
    : malformed(descriptor, goSyntaxError(document, json.error));
}

/** Members in Kuma's order. */
export function resourceToRest(descriptor: TypeDescriptor, resource: Resource): JsonObject {
  const kri = kriText(descriptor, kriOf(resource));
  const labels = Object.entries(resource.labels);
  const meta: JsonObject = {
    type: resource.type,
    ...(descriptor.scope === "Mesh" && resource.mesh !== "" ? { mesh: resource.mesh } : {}),
    name: resource.name,
    creationTime: resource.creationTime,
    modificationTime: resource.modificationTime,
    ...(labels.length === 0 ? {} : { labels: Object.fromEntries(labels.sort(([a], [b]) => (a < b ? -1 : 1))) }),
    ...(kri === undefined ? {} : { kri }),
  };
  if (descriptor.format.kind === "protobuf") return { ...meta, ...withoutMeta(resource.spec, meta) };
  const snis = snisOf(descriptor, resource);
  return {
    ...meta,
    ...(snis.length === 0 ? {} : { snis: snis.map(({ port, sni }) => ({ port, sni })) }),
    spec: resource.spec,
    ...(descriptor.emptyStatus === undefined ? {} : { status: resource.status ?? descriptor.emptyStatus }),
  };
}

/** Text of a response: indented by one space, nothing escaped for HTML, as `encoding/json` prints it. */
export function restText(json: JsonValue): string {
  return `${JSON.stringify(json, null, 1).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029")}\n`;
}

interface ParsedForm {
  readonly meta: Meta;
  readonly spec: JsonObject;
  readonly status: JsonObject | undefined;
}

interface Meta {
  readonly type: string;
  readonly mesh?: string;
  readonly name: string;
  readonly creationTime?: string;
  readonly modificationTime?: string;
  readonly labels?: Labels;
}

const text: Schema = { kind: "string" };
const time: Schema = { kind: "string", format: "date-time" };
const labelMap: Schema = { kind: "map", values: text };

/** What Go decodes the meta members into. */
const META_SCHEMA: ObjectSchema = {
  kind: "object",
  properties: {
    type: { schema: text },
    mesh: { schema: text },
    name: { schema: text },
    creationTime: { schema: time },
    modificationTime: { schema: time },
    labels: { schema: labelMap },
  },
};

const envelopes = new WeakMap<TypeDescriptor, ObjectSchema>();

function parseDocument(
  descriptor: TypeDescriptor,
  document: JsonValue,
  options: ParseOptions,
): Result<Resource, ParseFailure> {
  if (document !== null && !isJsonObject(document)) {
    return malformed(
      descriptor,
      `json: cannot unmarshal ${kindOf(document)} into Go value of type map[string]interface {}`,
    );
  }
  const given = document ?? {};
  const parsed =
    descriptor.format.kind === "json" ? parseSpecForm(descriptor, given) : parseFlatForm(descriptor, given);
  if (!parsed.ok) return parsed;
  const resource = resourceOf(descriptor, parsed.value, options.isFromServer === true);
  const context = options.validate && { ...options.validate, document: given };
  const violations = context === undefined ? [] : (descriptor.validate?.(resource, context) ?? []);
  return violations.length === 0 ? ok(resource) : err({ kind: "invalid", violations });
}

function parseSpecForm(descriptor: TypeDescriptor, given: JsonObject): Result<ParsedForm, ParseFailure> {
  const envelope = envelopeOf(descriptor);
  const filled = applyDefaults(envelope, given);
  const violations = schemaViolations(envelope, filled, "");
  if (violations.length > 0) return err({ kind: "invalid", violations });
  const meta = parseMeta(descriptor, filled);
  if (!meta.ok) return meta;
  const decoded = decodeWithSchema(envelope, filled, "drop");
  if (!decoded.ok) return malformed(descriptor, decoded.error);
  const { spec, status } = decoded.value as JsonObject;
  return ok({ meta: meta.value, spec: objectOr(spec, {}), status: objectOr(status, undefined) });
}

function parseFlatForm(descriptor: TypeDescriptor, given: JsonObject): Result<ParsedForm, ParseFailure> {
  const meta = parseMeta(descriptor, given);
  if (!meta.ok) return meta;
  if (descriptor.format.kind !== "protobuf") return ok({ meta: meta.value, spec: {}, status: undefined });
  const { message } = descriptor.format;
  const decoded = specFromJson(message, given);
  if (!decoded.ok) return malformed(descriptor, decoded.error);
  const spec = specToJson(message, decoded.value);
  return spec.ok ? ok({ meta: meta.value, spec: spec.value, status: undefined }) : malformed(descriptor, spec.error);
}

function parseMeta(descriptor: TypeDescriptor, given: JsonValue): Result<Meta, ParseFailure> {
  const decoded = decodeWithSchema(META_SCHEMA, given, "drop");
  if (!decoded.ok) return malformed(descriptor, decoded.error);
  const meta = decoded.value as unknown as Meta;
  for (const value of [meta.creationTime, meta.modificationTime]) {
    if (value === undefined || schemaViolations(time, value, "").length === 0) continue;
    const quoted = JSON.stringify(value);
    return malformed(
      descriptor,
      `parsing time ${quoted} as "2006-01-02T15:04:05Z07:00": cannot parse ${quoted} as "2006"`,
    );
  }
  return ok(meta);
}

function resourceOf(descriptor: TypeDescriptor, form: ParsedForm, isFromServer: boolean): Resource {
  const { meta, spec } = form;
  const status = isFromServer ? (form.status ?? descriptor.emptyStatus) : descriptor.emptyStatus;
  return {
    // The type of the body, which the caller compares with the one of the URL.
    type: meta.type ?? "",
    mesh: descriptor.scope === "Mesh" ? (meta.mesh ?? "") : "",
    name: meta.name ?? "",
    labels: meta.labels ?? {},
    spec,
    ...(descriptor.emptyStatus === undefined || status === undefined ? {} : { status }),
    creationTime: (isFromServer ? meta.creationTime : undefined) ?? ZERO_TIME,
    modificationTime: (isFromServer ? meta.modificationTime : undefined) ?? ZERO_TIME,
    version: 0,
  };
}

/** The whole document of a JSON type, as Kuma's OpenAPI description has it. */
function envelopeOf(descriptor: TypeDescriptor): ObjectSchema {
  const known = envelopes.get(descriptor);
  if (known !== undefined) return known;
  const type: StringSchema = { kind: "string", enum: [descriptor.name] };
  const sni: ObjectSchema = {
    kind: "object",
    properties: {
      port: { schema: { kind: "integer", format: "int32" }, required: true },
      sni: { schema: text, required: true },
    },
  };
  const properties: Record<string, Property> = {
    type: { schema: type, required: true },
    ...(descriptor.scope === "Mesh" ? { mesh: { schema: { kind: "string", default: "default" } } } : {}),
    kri: { schema: text },
    ...(descriptor.isDestination ? { snis: { schema: { kind: "array", items: sni } } } : {}),
    name: { schema: text, required: true },
    labels: { schema: labelMap },
    spec: { schema: specSchemaOf(descriptor), required: true },
    creationTime: { schema: time },
    modificationTime: { schema: time },
    ...(descriptor.emptyStatus === undefined ? {} : { status: { schema: descriptor.statusSchema ?? ANY_OBJECT } }),
  };
  const envelope: ObjectSchema = { kind: "object", properties };
  envelopes.set(descriptor, envelope);
  return envelope;
}

const ANY_OBJECT: Schema = { kind: "map", values: { kind: "any" } };

function specSchemaOf(descriptor: TypeDescriptor): Schema {
  return descriptor.format.kind === "json" ? descriptor.format.schema : ANY_OBJECT;
}

/** A member of the spec never hides one of the meta members, whatever a newer message may call it. */
function withoutMeta(spec: JsonObject, meta: JsonObject): JsonObject {
  const names = Object.keys(spec);
  if (!names.some((name) => Object.hasOwn(meta, name))) return spec;
  return Object.fromEntries(Object.entries(spec).filter(([name]) => !Object.hasOwn(meta, name)));
}

function malformed(descriptor: TypeDescriptor, error: string): Result<never, ParseFailure> {
  return err({ kind: "malformed", detail: `invalid ${descriptor.name} object: ${JSON.stringify(error)}` });
}

/** Go's text for a document that ends too early; other texts stay those of our parser. */
function goSyntaxError(document: string, error: string): string {
  const position = /at position (\d+)/.exec(error)?.[1];
  const isAtEnd = position !== undefined && Number(position) >= document.length;
  const isTruncated = isAtEnd || /end of JSON input|Unterminated string/.test(error);
  return isTruncated ? "unexpected end of JSON input" : error;
}

const kindOf = (value: JsonValue): string =>
  Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;

function objectOr<T>(value: JsonValue | undefined, otherwise: T): JsonObject | T {
  return isJsonObject(value) ? value : otherwise;
}
