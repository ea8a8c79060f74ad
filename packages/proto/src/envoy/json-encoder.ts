/**
 * Envoy's JSON straight to bytes, without a message in between: what a control plane does for every resource that it makes. It knows the plain spelling
 * only, which is ours: names in lower camel case, numbers in range, no value of a wrong kind. All else it declines, for a reader that explains what is
 * wrong or knows the other spellings. Equal content gives equal bytes, also inside of an Any: fields as Go orders them, maps by key.
 */
import { type DescField, type DescMessage, type DescOneof, type Registry, ScalarType } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import { goFieldOrder } from "../deterministic-binary.ts";
import { messageNameOf } from "../type-url.ts";
import { BackwardWriter } from "../wire/backward-writer.ts";
import { BYTES, FIXED64, VARINT } from "../wire/wire-reader.ts";
import { compareUtf8 } from "../wire/wire-writer.ts";
import {
  Declined,
  decline,
  enumWriter,
  type ScalarWriter,
  scalarWriter,
  type Write,
  writeText,
} from "./json-scalar.ts";

const DEPTH_MAX = 64;
const WELL_KNOWN = "google.protobuf.";

interface FieldPlan {
  /** In JSON. */
  readonly name: string;
  /** Place in Go's order. */
  readonly order: number;
  readonly oneof: DescOneof | undefined;
  /** With its tag. */
  readonly write: Write;
}

type MessagePlan = ReadonlyMap<string, FieldPlan>;

export class JsonEncoder {
  readonly #registry: Registry;
  readonly #out = new BackwardWriter();
  readonly #plans = new WeakMap<DescMessage, MessagePlan>();
  #depth = 0;

  /** @param registry what may be in an Any. */
  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** Undefined: it is declined. */
  encode(desc: DescMessage, json: JsonValue): Uint8Array | undefined {
    this.#out.clear();
    this.#depth = 0;
    try {
      this.#message(desc, json);
      return this.#out.copy();
    } catch (error) {
      if (error instanceof Declined) return undefined;
      throw error;
    }
  }

  #message(desc: DescMessage, json: JsonValue): void {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) throw new Declined();
    if (desc.typeName.startsWith(WELL_KNOWN)) this.#wellKnown(desc, json);
    else this.#fields(this.#planOf(desc), objectOf(json), 0);
    this.#depth -= 1;
  }

  /** @param skipped members of the object that are no fields. */
  #fields(plan: MessagePlan, json: JsonObject, skipped: number): void {
    // Last field first; there are few.
    const fields: FieldPlan[] = [];
    const names = Object.keys(json);
    let left = skipped;
    for (const name of names) {
      const field = plan.get(name);
      if (field === undefined) {
        if (left === 0) throw new Declined();
        left -= 1;
        continue;
      }
      if (json[name] === null) continue;
      let place = fields.length;
      for (; place > 0; place -= 1) {
        const other = fields[place - 1] as FieldPlan;
        if (field.oneof !== undefined && other.oneof === field.oneof) throw new Declined();
        if (other.order > field.order) break;
        fields[place] = other;
      }
      fields[place] = field;
    }
    for (const { name, write } of fields) write(json[name] as JsonValue);
  }

  #planOf(desc: DescMessage): MessagePlan {
    let plan = this.#plans.get(desc);
    if (plan === undefined) {
      plan = new Map(
        goFieldOrder(desc).map((field, order) => [
          field.jsonName,
          { name: field.jsonName, order, oneof: field.oneof, write: this.#field(field) },
        ]),
      );
      this.#plans.set(desc, plan);
    }
    return plan;
  }

  #field(field: DescField): Write {
    const { number } = field;
    switch (field.fieldKind) {
      case "scalar":
        return this.#singular(field, scalarWriter(field.scalar, this.#out));
      case "enum":
        return this.#singular(field, enumWriter(field.enum, this.#out));
      case "message":
        return field.delimitedEncoding ? decline : this.#tagged(number, (json) => this.#message(field.message, json));
      case "list":
        return this.#list(field);
      case "map":
        return this.#map(field);
    }
  }

  #singular(field: DescField, { wireType, write, isZero }: ScalarWriter): Write {
    const isImplicit = field.presence === FeatureSet_FieldPresence.IMPLICIT;
    const tag = field.number * 8 + wireType;
    return (json) => {
      if (isImplicit && isZero(json)) return;
      write(json);
      this.#out.varint(tag);
    };
  }

  #list(field: DescField & { fieldKind: "list" }): Write {
    const { number } = field;
    if (field.listKind === "message") {
      const write = this.#tagged(number, (json) => this.#message(field.message, json));
      return field.delimitedEncoding ? decline : (json) => eachBackward(json, write);
    }
    const { wireType, write } =
      field.listKind === "enum" ? enumWriter(field.enum, this.#out) : scalarWriter(field.scalar, this.#out);
    if (field.packed) {
      const packed = this.#tagged(number, (json) => eachBackward(json, write));
      return (json) => {
        if (!Array.isArray(json) || json.length > 0) packed(json);
      };
    }
    return (json) =>
      eachBackward(json, (item) => {
        write(item);
        this.#out.varint(number * 8 + wireType);
      });
  }

  #map(field: DescField & { fieldKind: "map" }): Write {
    if (field.mapKey !== ScalarType.STRING) return decline;
    if (field.mapKind === "message") {
      return this.#entries(
        field.number,
        this.#tagged(2, (json) => this.#message(field.message, json)),
      );
    }
    const { wireType, write } =
      field.mapKind === "enum" ? enumWriter(field.enum, this.#out) : scalarWriter(field.scalar, this.#out);
    return this.#entries(field.number, (json) => {
      write(json);
      this.#out.varint(16 + wireType);
    });
  }

  /** @param writeValue with its tag. */
  #entries(number: number, writeValue: Write): Write {
    return (json) => {
      const entries = objectOf(json);
      for (const key of Object.keys(entries).sort(compareUtf8).reverse()) {
        const value = entries[key];
        if (value === null || value === undefined || key === "__proto__") throw new Declined();
        this.#enclosed(number, () => {
          writeValue(value);
          writeText(key, this.#out);
          this.#out.varint(8 + BYTES);
        });
      }
    };
  }

  #wellKnown(desc: DescMessage, json: JsonValue): void {
    switch (desc.typeName) {
      case "google.protobuf.Any":
        return this.#any(objectOf(json));
      case "google.protobuf.Duration":
        return this.#duration(json);
      case "google.protobuf.Struct":
        return this.#struct(objectOf(json));
      case "google.protobuf.Value":
        return this.#value(json);
      case "google.protobuf.Empty":
        return this.#fields(NO_FIELDS, objectOf(json), 0);
      default: {
        const [field] = desc.fields;
        if (!desc.typeName.endsWith("Value") || field?.fieldKind !== "scalar") throw new Declined();
        return this.#wrapped(desc, field)(json);
      }
    }
  }

  #wrapped(desc: DescMessage, field: DescField & { fieldKind: "scalar" }): Write {
    return this.#planOf(desc).get(field.jsonName)?.write ?? decline;
  }

  #any(json: JsonObject): void {
    const typeUrl = json["@type"];
    if (typeof typeUrl !== "string") throw new Declined();
    const desc = this.#registry.getMessage(messageNameOf(typeUrl));
    // These have a form of their own in an Any.
    if (desc === undefined || desc.typeName.startsWith(WELL_KNOWN)) throw new Declined();
    const before = this.#out.size;
    this.#fields(this.#planOf(desc), json, 1);
    if (this.#out.size > before) this.#close(2, before);
    writeText(typeUrl, this.#out);
    this.#out.varint(8 + BYTES);
  }

  #duration(json: JsonValue): void {
    const [, whole = "", fraction = ""] = (typeof json === "string" && DURATION.exec(json)) || [];
    const seconds = Number(whole);
    if (whole === "" || seconds > DURATION_MAX_SECONDS) throw new Declined();
    const nanos = Number(fraction.padEnd(9, "0"));
    if (nanos > 0) {
      this.#out.varint(nanos);
      this.#out.varint(16 + VARINT);
    }
    if (seconds > 0) {
      this.#out.varint(seconds);
      this.#out.varint(8 + VARINT);
    }
  }

  #struct(json: JsonObject): void {
    this.#entries(1, (value) => this.#enclosed(2, () => this.#nested(value)))(json);
  }

  #nested(json: JsonValue): void {
    this.#depth += 1;
    if (this.#depth > DEPTH_MAX) throw new Declined();
    this.#value(json);
    this.#depth -= 1;
  }

  /** One of the members of a oneof, which is written also when it is zero. */
  #value(json: JsonValue): void {
    if (typeof json === "string") {
      writeText(json, this.#out);
      this.#out.varint(24 + BYTES);
    } else if (typeof json === "number") {
      this.#out.double(json);
      this.#out.varint(16 + FIXED64);
    } else if (typeof json === "boolean") {
      this.#out.varint(json ? 1 : 0);
      this.#out.varint(32 + VARINT);
    } else if (Array.isArray(json)) {
      this.#enclosed(6, () => eachBackward(json, (item) => this.#enclosed(1, () => this.#nested(item))));
    } else {
      this.#enclosed(5, () => this.#struct(objectOf(json)));
    }
  }

  #tagged(number: number, write: Write): Write {
    return (json) => {
      const before = this.#out.size;
      write(json);
      this.#close(number, before);
    };
  }

  #enclosed(number: number, write: () => void): void {
    const before = this.#out.size;
    write();
    this.#close(number, before);
  }

  /** Length and tag of what was written since. */
  #close(number: number, before: number): void {
    this.#out.varint(this.#out.size - before);
    this.#out.varint(number * 8 + BYTES);
  }
}

const NO_FIELDS: MessagePlan = new Map();
/** Without a sign. Source: google/protobuf/duration.proto */
const DURATION = /^(\d{1,12})(?:\.(\d{1,9}))?s$/;
const DURATION_MAX_SECONDS = 315_576_000_000;

function objectOf(json: JsonValue): JsonObject {
  if (!isJsonObject(json)) throw new Declined();
  return json;
}

function eachBackward(json: JsonValue, write: Write): void {
  if (!Array.isArray(json)) throw new Declined();
  for (let i = json.length - 1; i >= 0; i -= 1) {
    const item = (json as readonly JsonValue[])[i];
    if (item === null || item === undefined) throw new Declined();
    write(item);
  }
}
