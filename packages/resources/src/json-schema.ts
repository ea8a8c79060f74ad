/**
 * JSON Schemas (2020-12) of resources as REST shows and takes them, made of what checks and prints them: schemas of specs,
 * descriptions of protobuf messages.
 */
import { descriptorOf, messageSchemas } from "@isthmus/proto";
import type { JsonObject } from "@isthmus/std";
import type { Registry } from "./registry.ts";
import type { Schema } from "./schema.ts";
import type { TypeDescriptor } from "./type-descriptor.ts";

export type RefOf = (name: string) => string;

/** By name: of each type, of its overview, and of the protobuf messages that they are made of. A step for each type. */
export function* resourceSchemas(registry: Registry, refOf: RefOf): Generator<void, ReadonlyMap<string, JsonObject>> {
  const schemas = new Map<string, JsonObject>();
  const messageOf = (message: string): JsonObject => {
    const known = schemas.get(message);
    if (known !== undefined) return known;
    for (const [name, schema] of messageSchemas(descriptorOf(message), refOf)) schemas.set(name, schema);
    return schemas.get(message) ?? {};
  };
  for (const type of registry.all()) {
    schemas.set(type.name, resourceSchema(type, messageOf));
    if (type.overview !== undefined) schemas.set(type.overview, overviewSchema(type, registry, messageOf, refOf));
    yield;
  }
  return schemas;
}

function resourceSchema(type: TypeDescriptor, messageOf: (message: string) => JsonObject): JsonObject {
  const meta = metaProperties(type, type.name);
  const required = type.scope === "Mesh" ? ["type", "mesh", "name"] : ["type", "name"];
  if (type.format.kind === "protobuf") {
    const { properties } = messageOf(type.format.message);
    return { type: "object", required, properties: { ...(properties as JsonObject), ...meta } };
  }
  const status = type.statusSchema === undefined ? { type: "object" } : specSchema(type.statusSchema);
  return {
    type: "object",
    required,
    properties: {
      ...meta,
      ...(type.isDestination ? { snis: SNIS } : {}),
      spec: specSchema(type.format.schema),
      ...(type.emptyStatus === undefined ? {} : { status: { ...status, readOnly: true } }),
    },
  };
}

function overviewSchema(
  type: TypeDescriptor,
  registry: Registry,
  messageOf: (message: string) => JsonObject,
  refOf: RefOf,
): JsonObject {
  const { overview = "", insight } = type;
  const parts = [type, insight === undefined ? undefined : registry.get(insight)].flatMap((part) => {
    if (part?.format.kind !== "protobuf") return [];
    messageOf(part.format.message);
    return [[`${part.name.charAt(0).toLowerCase()}${part.name.slice(1)}`, { $ref: refOf(part.format.message) }]];
  });
  return {
    type: "object",
    required: ["type", "name"],
    properties: { ...metaProperties(type, overview), ...(Object.fromEntries(parts) as JsonObject) },
  };
}

const TIME = { type: "string", format: "date-time", readOnly: true };
const SNIS = {
  type: "array",
  readOnly: true,
  items: { type: "object", properties: { port: { type: "integer" }, sni: { type: "string" } } },
};

function metaProperties(type: TypeDescriptor, name: string): JsonObject {
  return {
    type: { const: name },
    ...(type.scope === "Mesh" ? { mesh: { type: "string" } } : {}),
    name: { type: "string" },
    creationTime: TIME,
    modificationTime: TIME,
    labels: { type: "object", additionalProperties: { type: "string" } },
    ...(type.shortName === undefined ? {} : { kri: { type: "string", readOnly: true } }),
  };
}

/** Of a spec that is plain JSON. */
export function specSchema(schema: Schema): JsonObject {
  switch (schema.kind) {
    case "object": {
      const members = Object.entries(schema.properties);
      const required = members.filter(([, { required: isRequired }]) => isRequired === true).map(([name]) => name);
      return {
        type: "object",
        ...(required.length === 0 ? {} : { required }),
        properties: Object.fromEntries(members.map(([name, property]) => [name, specSchema(property.schema)])),
        ...(schema.additional === undefined ? {} : { additionalProperties: specSchema(schema.additional) }),
      };
    }
    case "map":
      return { type: "object", additionalProperties: specSchema(schema.values) };
    case "array":
      return { type: "array", items: specSchema(schema.items), ...pick(schema, ["minItems", "maxItems"]) };
    case "string":
      return { type: "string", ...stringFormat(schema.format), ...pick(schema, STRING_RULES) };
    case "integer":
      return { type: "integer", ...pick(schema, ["format", ...NUMBER_RULES, "enum"]) };
    case "number":
      return { type: "number", ...pick(schema, NUMBER_RULES) };
    case "boolean":
      return { type: "boolean", ...pick(schema, ["default"]) };
    case "duration":
      return { type: "string", description: "a duration such as 10s or 1m30s", ...pick(schema, ["default"]) };
    case "intOrString":
      return { type: ["integer", "string"] };
    case "any":
      return {};
  }
}

const STRING_RULES = ["enum", "minLength", "maxLength", "pattern", "default"];
const NUMBER_RULES = ["minimum", "maximum", "default"];

function stringFormat(format: "date-time" | "byte" | undefined): JsonObject {
  if (format === undefined) return {};
  return format === "byte" ? { contentEncoding: "base64" } : { format };
}

function pick(schema: object, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => names.includes(name)));
}
