/** What the tests of rules compare: the violations of one spec, as a user or a peer would get them. */
import type { JsonObject } from "@isthmus/std";
import { decodeSpec } from "../kds-codec.ts";
import { Registry } from "../registry.ts";
import type { Labels } from "../resource.ts";
import { parseResource } from "../rest-codec.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { builtinTypes } from "../types/all.gen.ts";
import { validateResource } from "../validate-resource.ts";

export type Found = readonly (readonly [field: string, reason: string])[];
/** A spec, and all that is wrong with it. */
export type Row = readonly [title: string, spec: JsonObject, found: Found];

export interface Meta {
  readonly name?: string;
  readonly labels?: Labels;
}

const registry = new Registry(builtinTypes);

export function typeNamed(name: string): TypeDescriptor {
  const descriptor = registry.get(name);
  if (descriptor === undefined) throw new Error(`no type ${name}`);
  return descriptor;
}

/** Through REST: syntax, defaults, schema, decoding and rules. What cannot be decoded throws. */
export function fromUser(typeName: string, spec: JsonObject, meta: Meta = {}): Found {
  const type = typeNamed(typeName);
  const head: JsonObject = {
    type: typeName,
    ...(type.scope === "Mesh" ? { mesh: "default" } : {}),
    name: meta.name ?? "a",
    ...(meta.labels === undefined ? {} : { labels: meta.labels }),
  };
  const document = type.format.kind === "json" ? { ...head, spec } : { ...head, ...spec };
  const parsed = parseResource(type, document, { validate: { mode: "global" } });
  if (parsed.ok) return [];
  if (parsed.error.kind === "malformed") throw new Error(parsed.error.detail);
  return parsed.error.violations.map(({ field, reason }) => [field, reason]);
}

/** Over KDS, for types with a JSON spec: decoding, then rules and schema. */
export function fromPeer(typeName: string, spec: JsonObject, meta: Meta = {}): Found {
  const type = typeNamed(typeName);
  const decoded = decodeSpec(type, "", Buffer.from(JSON.stringify(spec)));
  if (!decoded.ok) throw new Error(decoded.error);
  const resource = {
    type: typeName,
    mesh: type.scope === "Mesh" ? "default" : "",
    name: meta.name ?? "a",
    labels: meta.labels ?? {},
    ...decoded.value,
    creationTime: "",
    modificationTime: "",
    version: 0,
  };
  const violations = validateResource(type, resource, { mode: "global" }, { isFromPeer: true });
  return violations.map(({ field, reason }) => [field, reason]);
}
