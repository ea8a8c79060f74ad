/** Values without members, from their plain spelling in JSON: what `JsonEncoder` writes, and what it leaves to others. */
import { Buffer } from "node:buffer";
import { type DescEnum, ScalarType } from "@bufbuild/protobuf";
import type { JsonValue } from "@isthmus/std";
import type { BackwardWriter } from "../wire/backward-writer.ts";
import { BYTES, FIXED32, FIXED64, VARINT } from "../wire/wire-reader.ts";

export class Declined extends Error {}

/** Writes a value without its tag. Of messages also without their length. */
export type Write = (json: JsonValue) => void;

export interface ScalarWriter {
  readonly wireType: number;
  readonly write: Write;
  /** Of the zero value, which a field without presence leaves out. */
  readonly isZero: (json: JsonValue) => boolean;
}

const LONE_SURROGATE = /\p{Surrogate}/u;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const DIGITS = /^(?:0|[1-9]\d{0,14})$/;
const FLOAT_MAX = 3.4e38;
const INTEGER_MAX = {
  [ScalarType.UINT32]: 2 ** 32 - 1,
  [ScalarType.INT32]: 2 ** 31 - 1,
  [ScalarType.UINT64]: Number.MAX_SAFE_INTEGER,
  [ScalarType.INT64]: Number.MAX_SAFE_INTEGER,
};

export function scalarWriter(scalar: ScalarType, out: BackwardWriter): ScalarWriter {
  const isZero = (json: JsonValue): boolean => json === 0;
  switch (scalar) {
    case ScalarType.STRING:
      return { wireType: BYTES, write: (json) => writeText(json, out), isZero: isEmpty };
    case ScalarType.BYTES:
      return { wireType: BYTES, write: (json) => writeBase64(json, out), isZero: isEmpty };
    case ScalarType.BOOL:
      return { wireType: VARINT, write: (json) => out.varint(bitOf(json)), isZero: (json) => json === false };
    case ScalarType.UINT32:
    case ScalarType.INT32:
    case ScalarType.UINT64:
    case ScalarType.INT64: {
      const max = INTEGER_MAX[scalar];
      const write = (json: JsonValue): void => out.varint(integerOf(json, max));
      return { wireType: VARINT, write, isZero: (json) => json === 0 || json === "0" };
    }
    case ScalarType.DOUBLE:
      return { wireType: FIXED64, write: (json) => out.double(numberOf(json)), isZero };
    case ScalarType.FLOAT:
      return { wireType: FIXED32, write: (json) => out.float(numberOf(json)), isZero };
    default:
      return { wireType: VARINT, write: decline, isZero: () => false };
  }
}

/** By their names; numbers are not how we write them. */
export function enumWriter(desc: DescEnum, out: BackwardWriter): ScalarWriter {
  let numbers: ReadonlyMap<JsonValue, number> | undefined;
  const numberOfName = (json: JsonValue): number => {
    numbers ??= new Map(desc.values.map(({ name, number }) => [name, number]));
    const number = numbers.get(json);
    if (number === undefined || number < 0) throw new Declined();
    return number;
  };
  return {
    wireType: VARINT,
    write: (json) => out.varint(numberOfName(json)),
    isZero: (json) => numberOfName(json) === 0,
  };
}

export function decline(): never {
  throw new Declined();
}

/** With its length. */
export function writeText(json: JsonValue, out: BackwardWriter): void {
  if (typeof json !== "string") throw new Declined();
  const before = out.size;
  out.text(json);
  const size = out.size - before;
  if (size !== json.length && LONE_SURROGATE.test(json)) throw new Declined();
  out.varint(size);
}

function writeBase64(json: JsonValue, out: BackwardWriter): void {
  if (typeof json !== "string" || json.length % 4 !== 0 || !BASE64.test(json)) throw new Declined();
  const bytes = Buffer.from(json, "base64");
  out.bytes(bytes);
  out.varint(bytes.byteLength);
}

function isEmpty(json: JsonValue): boolean {
  return json === "";
}

function bitOf(json: JsonValue): number {
  if (typeof json !== "boolean") throw new Declined();
  return json ? 1 : 0;
}

/** 64 bits stand in quotes, where they are written by others. */
function integerOf(json: JsonValue, max: number): number {
  const value = typeof json === "string" && DIGITS.test(json) ? Number(json) : json;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > max) throw new Declined();
  return value;
}

function numberOf(json: JsonValue): number {
  if (typeof json !== "number" || !(Math.abs(json) <= FLOAT_MAX) || Object.is(json, -0)) throw new Declined();
  return json;
}
