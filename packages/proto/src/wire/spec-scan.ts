/**
 * Checks the bytes of a spec against its description before the generated decoder sees them. That decoder trusts lengths
 * and wire types: a nested length that leaves its message, or a varint where a string belongs, would be read as something
 * else instead of being refused. Also tells whether fields are unknown, in places that message objects do not keep
 * (inside of wrappers, Struct and map entries).
 */
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { err, ok, type Result } from "@isthmus/std";
import { MESSAGE_MAX_DEPTH } from "../json/json-error.ts";
import { BYTES, FIXED32, FIXED64, VARINT, WireError, WireReader } from "./wire-reader.ts";

export type SpecScan = {
  /** JSON cannot carry the spec in full: keep the bytes too. */
  readonly hasUnknownFields: boolean;
};

export function scanSpec(schema: DescMessage, bytes: Uint8Array): Result<SpecScan, string> {
  try {
    return ok({ hasUnknownFields: scanMessage(new WireReader(bytes), schema, 1) });
  } catch (error) {
    if (error instanceof WireError) return err(`malformed ${schema.typeName}: ${error.message}`);
    throw error;
  }
}

/** Reads to the end of the reader's current bounds; true when a field is unknown. */
function scanMessage(reader: WireReader, desc: DescMessage, depth: number): boolean {
  if (depth > MESSAGE_MAX_DEPTH) throw new WireError(`nested deeper than ${MESSAGE_MAX_DEPTH} messages`);
  const fields = fieldsOf(desc);
  let hasUnknown = false;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    const field = fields.get(tag >>> 3);
    if (field === undefined) {
      hasUnknown = true;
      reader.skip(tag);
    } else if (scanField(reader, field, tag, depth)) hasUnknown = true;
  }
  return hasUnknown;
}

function scanField(reader: WireReader, field: DescField, tag: number, depth: number): boolean {
  if (field.fieldKind === "map") {
    expectWireType(tag, BYTES, field);
    return scanMapEntry(reader, field, depth);
  }
  if (field.message !== undefined) {
    expectWireType(tag, BYTES, field);
    return scanEmbedded(reader, field.message, depth);
  }
  scanScalar(reader, field.scalar ?? ScalarType.INT32, tag, field);
  return false;
}

function scanEmbedded(reader: WireReader, desc: DescMessage, depth: number): boolean {
  const outer = reader.enter();
  const hasUnknown = scanMessage(reader, desc, depth + 1);
  reader.leave(outer);
  return hasUnknown;
}

function scanMapEntry(reader: WireReader, field: DescField & { fieldKind: "map" }, depth: number): boolean {
  let hasUnknown = false;
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag >>> 3 === 1) scanScalar(reader, field.mapKey, tag, field);
    else if (tag >>> 3 === 2 && field.message !== undefined) {
      expectWireType(tag, BYTES, field);
      if (scanEmbedded(reader, field.message, depth)) hasUnknown = true;
    } else if (tag >>> 3 === 2) scanScalar(reader, field.scalar ?? ScalarType.INT32, tag, field);
    else {
      // The generated decoder stops in the middle of such an entry.
      throw new WireError(`${field.name}: unexpected field in a map entry`);
    }
  }
  reader.leave(outer);
  return hasUnknown;
}

/** Numbers in a list may be packed into one length-delimited field or stand alone. */
function scanScalar(reader: WireReader, scalar: ScalarType, tag: number, field: DescField): void {
  if (scalar === ScalarType.STRING) {
    expectWireType(tag, BYTES, field);
    reader.string();
    return;
  }
  const wireType = wireTypeOf(scalar);
  if (field.fieldKind === "list" && wireType !== BYTES && (tag & 7) === BYTES) {
    const outer = reader.enter();
    while (!reader.atEnd()) reader.skip(wireType);
    reader.leave(outer);
    return;
  }
  expectWireType(tag, wireType, field);
  reader.skip(tag);
}

function expectWireType(tag: number, expected: number, field: DescField): void {
  if ((tag & 7) !== expected) throw new WireError(`${field.name}: wire type ${tag & 7} instead of ${expected}`);
}

function wireTypeOf(scalar: ScalarType): number {
  switch (scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return BYTES;
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return FIXED64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return FIXED32;
    default:
      return VARINT;
  }
}

const fieldsByMessage = new WeakMap<DescMessage, ReadonlyMap<number, DescField>>();

function fieldsOf(desc: DescMessage): ReadonlyMap<number, DescField> {
  let fields = fieldsByMessage.get(desc);
  if (fields === undefined) {
    fields = new Map(desc.fields.map((field) => [field.number, field]));
    fieldsByMessage.set(desc, fields);
  }
  return fields;
}
