/** Random JSON documents of any message of the registry, for property tests. */
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import type { JsonObject, JsonValue } from "@isthmus/std";
import fc from "fast-check";

const text = fc.string({ unit: "grapheme", maxLength: 6 });
/** Includes keys that JavaScript orders first and keys beyond the basic plane, which UTF-16 orders differently. */
const key = fc
  .oneof(text, fc.constantFrom("10", "9", "kuma.io/service", "\u{1F600}", "\uFF5E", "constructor"))
  .filter((value) => value !== "__proto__");
const structValue: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    text,
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value)),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(key, tie("value"), { maxKeys: 3 }) as fc.Arbitrary<JsonValue>,
  ),
})).value;
const struct = fc.dictionary(key, structValue, { maxKeys: 4, noNullPrototype: true }) as fc.Arbitrary<JsonValue>;
const fraction = fc.constantFrom("", ".500", ".000001", ".123456789");

/** Canonical documents: what `messageToJson` prints again without a change. */
export function arbitrarySpecJson(desc: DescMessage): fc.Arbitrary<JsonObject> {
  const plain = desc.fields.filter((field) => field.oneof === undefined);
  const fields = fc.record(Object.fromEntries(plain.map((field) => [field.jsonName, fieldJson(field)])), {
    requiredKeys: [],
    noNullPrototype: true,
  });
  const oneofs = desc.oneofs.map((oneof) =>
    fc.oneof(
      fc.constant({}),
      ...oneof.fields.map((field) => singularJson(field, true).map((value) => ({ [field.jsonName]: value }))),
    ),
  );
  return fc.tuple(fields, ...oneofs).map((parts) => Object.assign({}, ...parts) as JsonObject);
}

function fieldJson(field: DescField): fc.Arbitrary<JsonValue> {
  if (field.fieldKind === "list") return fc.array(singularJson(field, true), { minLength: 1, maxLength: 3 });
  if (field.fieldKind === "map") {
    return fc.dictionary(key, singularJson(field, true), { minKeys: 1, maxKeys: 4, noNullPrototype: true });
  }
  return singularJson(field, false);
}

/** Zero values are printed in lists, maps, oneofs and wrappers only. */
function singularJson(field: DescField, allowZero: boolean): fc.Arbitrary<JsonValue> {
  if (field.message !== undefined) return messageJson(field.message);
  if (field.enum !== undefined) {
    const [zero, ...others] = field.enum.values.map((value) => value.name);
    return fc.constantFrom(...(allowZero && zero !== undefined ? [zero, ...others] : others));
  }
  return scalarJson(field.scalar ?? ScalarType.STRING, allowZero);
}

function messageJson(desc: DescMessage): fc.Arbitrary<JsonValue> {
  switch (desc.typeName) {
    case "google.protobuf.Struct":
      return struct;
    case "google.protobuf.Duration":
      return fc
        .tuple(fc.constantFrom("", "-"), fc.integer({ min: 1, max: 100_000_000 }), fraction)
        .map(([sign, seconds, digits]) => `${sign}${seconds}${digits}s`);
    case "google.protobuf.Timestamp":
      return fc
        .tuple(fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }), fraction)
        .map(([date, digits]) => `${date.toISOString().slice(0, 19)}${digits}Z`);
    default:
      break;
  }
  const wrapped = desc.typeName.startsWith("google.protobuf.") ? desc.fields[0] : undefined;
  return wrapped?.fieldKind === "scalar" ? scalarJson(wrapped.scalar, true) : arbitrarySpecJson(desc);
}

function scalarJson(scalar: ScalarType, allowZero: boolean): fc.Arbitrary<JsonValue> {
  const min = allowZero ? 0 : 1;
  switch (scalar) {
    case ScalarType.STRING:
      return fc.string({ unit: "grapheme", minLength: min, maxLength: 6 });
    case ScalarType.BOOL:
      return allowZero ? fc.boolean() : fc.constant(true);
    case ScalarType.BYTES:
      return fc.uint8Array({ minLength: min, maxLength: 7 }).map((bytes) => Buffer.from(bytes).toString("base64"));
    case ScalarType.UINT64:
      return fc.bigInt({ min: BigInt(min), max: 2n ** 64n - 1n }).map(String);
    case ScalarType.UINT32:
      return fc.integer({ min, max: 2 ** 32 - 1 });
    case ScalarType.INT32:
      return fc.integer({ min, max: 2 ** 31 - 1 });
    case ScalarType.FLOAT:
      return fc.constantFrom(0.1, 33.3, 50, 1e-7, 16_777_216, "NaN", "-Infinity");
    case ScalarType.DOUBLE:
      return fc.constantFrom(0.1, 33.333_333_333_333_336, 1e21, 5e-324, "Infinity");
    default:
      throw new Error(`no generator for scalar ${scalar}`);
  }
}
