import {
  create,
  type DescEnum,
  type DescField,
  type DescMessage,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { allEnvoyTypes } from "../envoy/all.ts";
import { envoyRegistry } from "../envoy/index.ts";
import { KDSStreamSchema, registry } from "../index.ts";
import { fileNames } from "./file-names.ts";
import { fileDesc, messageDesc } from "./lazy-file.ts";

const messages = [...envoyRegistry].filter((type) => type.kind === "message");
const enums = [...envoyRegistry].filter((type) => type.kind === "enum");

describe("descriptors that are made when they are asked for", () => {
  it("are those that the library makes at once", () => {
    expect(messages.length).toBeGreaterThan(600);
    expect(enums.length).toBeGreaterThan(60);
    for (const message of messages) expect(shape(message)).toEqual(shape(allEnvoyTypes().getMessage(message.typeName)));
    for (const each of enums) expect(values(each)).toEqual(values(allEnvoyTypes().getEnum(each.typeName)));
  });

  it("name each other, never a second description of the same type", () => {
    for (const each of [envoyRegistry, registry].flatMap((types) => [...types])) {
      if (each.kind === "message") expect(strangers(each)).toEqual([]);
      if (each.kind === "enum") expect(each.values.filter(({ parent }) => parent !== each)).toEqual([]);
      if (each.kind === "service")
        expect(each.methods.flatMap(({ input, output }) => [input, output]).filter(isStranger)).toEqual([]);
    }
  });

  it("may be asked for fields before names, and by a file that imports theirs", () => {
    const inner = fileDesc(described({ name: "inner.proto", messageType: [{ name: "Inner" }] }));
    const field = { name: "inner", number: 1, label: 3, type: 11, typeName: ".Inner", jsonName: "inner" };
    const outer = fileDesc(described({ name: "outer.proto", messageType: [{ name: "Outer", field: [field] }] }), [
      inner,
    ]);
    expect(messageDesc(inner, 0).fields).toEqual([]);
    expect(messageDesc(outer, 0).fields[0]?.message).toBe(messageDesc(inner, 0));
    expect([messageDesc(inner, 0).typeName, messageDesc(outer, 0).typeName, inner.name]).toEqual([
      "Inner",
      "Outer",
      "inner",
    ]);
  });

  it("are what generated code exports", () => {
    expect(registry.getMessage("kuma.system.v1alpha1.KDSStream")).toBe(KDSStreamSchema);
    expect(KDSStreamSchema.file.messages).toContain(KDSStreamSchema);
    expect(String(KDSStreamSchema)).toBe("message kuma.system.v1alpha1.KDSStream");
  });
});

describe("names of a description", () => {
  it("are refused where it declares an extension, which nothing here would find", () => {
    const withExtension = Uint8Array.of(0x0a, 1, 0x61, 0x3a, 0);
    expect(() => fileNames(withExtension)).toThrow("a: extensions are not supported");
  });
});

function described(file: MessageInitShape<typeof FileDescriptorProtoSchema>): string {
  const message = create(FileDescriptorProtoSchema, { syntax: "proto3", ...file });
  return Buffer.from(toBinary(FileDescriptorProtoSchema, message)).toString("base64");
}

function shape(message: DescMessage | undefined): unknown {
  if (message === undefined) return undefined;
  const { name, typeName, deprecated, nestedMessages, nestedEnums, fields, field, members, oneofs } = message;
  return {
    name,
    typeName,
    deprecated,
    file: message.file.name,
    parent: message.parent?.typeName,
    messages: nestedMessages.map(String),
    enums: nestedEnums.map(String),
    fields: fields.map((each) => [
      String(each),
      each.number,
      each.localName,
      each.jsonName,
      each.presence,
      each.fieldKind,
      each.scalar,
      String(each.message),
      String(each.enum),
      String(each.oneof),
      each.fieldKind === "list" && [each.listKind, each.packed],
      each.fieldKind === "map" && [each.mapKey, each.mapKind],
    ]),
    byName: Object.keys(field),
    members: members.map(String),
    oneofs: oneofs.map((oneof) => [String(oneof), oneof.fields.map(String)]),
    options: message.proto.options,
  };
}

function values(desc: DescEnum | undefined): unknown {
  if (desc === undefined) return undefined;
  const { typeName, open, sharedPrefix, parent } = desc;
  const each = desc.values.map(({ localName, number, name }) => [localName, number, name]);
  return { typeName, open, sharedPrefix, parent: parent?.typeName, each, numbers: Object.keys(desc.value) };
}

/** Fields that name another object than the one that stands for its type. */
function strangers(message: DescMessage): DescField[] {
  return message.fields.filter(
    (field) =>
      field.parent !== message ||
      (field.oneof !== undefined && field.oneof.parent !== message) ||
      isStranger(field.message) ||
      isStranger(field.enum),
  );
}

function isStranger(type: DescMessage | DescEnum | undefined): boolean {
  if (type === undefined || type.typeName.startsWith("google.protobuf.")) return false;
  return type !== envoyRegistry.get(type.typeName) && type !== registry.get(type.typeName);
}
