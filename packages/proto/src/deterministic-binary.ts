/**
 * Binary encoding with map entries sorted by key, byte for byte what Go's `MarshalOptions{Deterministic: true}` writes.
 * Versions are hashes of such bytes, so two control planes with the same content agree. `toBinary` of protobuf-es keeps
 * insertion order, and JavaScript moves integer-like keys to the front, so sorting the message first would not help.
 */
import { type DescField, type DescMessage, type MessageShape, ScalarType } from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { compareUtf8 } from "./wire/wire-writer.ts";

export function toDeterministicBinary<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): Uint8Array {
  const writer = new BinaryWriter();
  writeMessage(writer, reflect(schema, message, false));
  return writer.finish();
}

/** Unknown fields come last, in both runtimes. */
function writeMessage(writer: BinaryWriter, message: ReflectMessage): void {
  for (const field of goFieldOrder(message.desc)) if (message.isSet(field)) writeField(writer, message, field);
  for (const { no, wireType, data } of message.getUnknown() ?? []) writer.tag(no, wireType).raw(data);
}

const fieldOrders = new WeakMap<DescMessage, readonly DescField[]>();

/** By number, but members of oneofs after all other fields. Source: google.golang.org/protobuf: internal/order.LegacyFieldOrder */
export function goFieldOrder(desc: DescMessage): readonly DescField[] {
  let order = fieldOrders.get(desc);
  if (order === undefined) {
    const rank = (field: DescField): number => (field.oneof === undefined ? -1 : desc.oneofs.indexOf(field.oneof));
    order = [...desc.fields].sort((a, b) => rank(a) - rank(b) || a.number - b.number);
    fieldOrders.set(desc, order);
  }
  return order;
}

function writeField(writer: BinaryWriter, message: ReflectMessage, field: DescField): void {
  switch (field.fieldKind) {
    case "scalar":
      writeScalar(writer.tag(field.number, wireTypeOf(field.scalar)), field.scalar, message.get(field));
      return;
    case "enum":
      writeScalar(writer.tag(field.number, WireType.Varint), ScalarType.INT32, message.get(field));
      return;
    case "message":
      writeEmbedded(writer, field.number, message.get(field));
      return;
    case "list":
      writeList(writer, message, field);
      return;
    case "map":
      writeMap(writer, message, field);
      return;
  }
}

function writeEmbedded(writer: BinaryWriter, number: number, message: ReflectMessage): void {
  writer.tag(number, WireType.LengthDelimited).fork();
  writeMessage(writer, message);
  writer.join();
}

function writeList(writer: BinaryWriter, message: ReflectMessage, field: DescField & { fieldKind: "list" }): void {
  const list = message.get(field);
  if (field.listKind === "message") {
    for (const item of list) writeEmbedded(writer, field.number, item as ReflectMessage);
    return;
  }
  const scalar = field.listKind === "enum" ? ScalarType.INT32 : field.scalar;
  if (field.packed) {
    writer.tag(field.number, WireType.LengthDelimited).fork();
    for (const item of list) writeScalar(writer, scalar, item);
    writer.join();
    return;
  }
  for (const item of list) writeScalar(writer.tag(field.number, wireTypeOf(scalar)), scalar, item);
}

/** Key and value of an entry are always written, also when they are zero. */
function writeMap(writer: BinaryWriter, message: ReflectMessage, field: DescField & { fieldKind: "map" }): void {
  const entries = [...message.get(field).entries()].sort(([a], [b]) => compareKeys(a, b));
  for (const [key, value] of entries) {
    writer.tag(field.number, WireType.LengthDelimited).fork();
    writeScalar(writer.tag(1, wireTypeOf(field.mapKey)), field.mapKey, key);
    if (field.mapKind === "message") writeEmbedded(writer, 2, value as ReflectMessage);
    else {
      const scalar = field.mapKind === "enum" ? ScalarType.INT32 : field.scalar;
      writeScalar(writer.tag(2, wireTypeOf(scalar)), scalar, value);
    }
    writer.join();
  }
}

function compareKeys(a: unknown, b: unknown): number {
  if (typeof a === "string" && typeof b === "string") return compareUtf8(a, b);
  if (a === b) return 0;
  return (a as number | bigint | boolean) < (b as number | bigint | boolean) ? -1 : 1;
}

function wireTypeOf(scalar: ScalarType): WireType {
  switch (scalar) {
    case ScalarType.BYTES:
    case ScalarType.STRING:
      return WireType.LengthDelimited;
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WireType.Bit64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return WireType.Bit32;
    default:
      return WireType.Varint;
  }
}

/** `message.isSet` and the generated types guarantee the type of the value. */
function writeScalar(writer: BinaryWriter, scalar: ScalarType, value: unknown): void {
  switch (scalar) {
    case ScalarType.STRING:
      writer.string(value as string);
      return;
    case ScalarType.BYTES:
      writer.bytes(value as Uint8Array);
      return;
    case ScalarType.BOOL:
      writer.bool(value as boolean);
      return;
    case ScalarType.DOUBLE:
      writer.double(value as number);
      return;
    case ScalarType.FLOAT:
      writer.float(value as number);
      return;
    case ScalarType.INT32:
      writer.int32(value as number);
      return;
    case ScalarType.UINT32:
      writer.uint32(value as number);
      return;
    case ScalarType.INT64:
      writer.int64(value as bigint);
      return;
    case ScalarType.UINT64:
      writer.uint64(value as bigint);
      return;
    case ScalarType.SINT32:
      writer.sint32(value as number);
      return;
    case ScalarType.SINT64:
      writer.sint64(value as bigint);
      return;
    case ScalarType.FIXED32:
      writer.fixed32(value as number);
      return;
    case ScalarType.FIXED64:
      writer.fixed64(value as bigint);
      return;
    case ScalarType.SFIXED32:
      writer.sfixed32(value as number);
      return;
    case ScalarType.SFIXED64:
      writer.sfixed64(value as bigint);
      return;
  }
}
