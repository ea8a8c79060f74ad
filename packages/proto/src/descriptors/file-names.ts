/** What a compiled description declares, by name alone: a fraction of the work of reading all of it. */
import { WireReader } from "../wire/wire-reader.ts";

/** Field numbers. Source: google/protobuf/descriptor.proto. */
const FILE = { name: 1, package: 2, message: 4, enumeration: 5, service: 6, extension: 7 };
const MESSAGE = { name: 1, message: 3, enumeration: 4, extension: 6, options: 7 };
const NAME = 1;
const MAP_ENTRY = 7;

export interface EnumNames {
  readonly name: string;
  readonly typeName: string;
}

/** Without the entries of maps, as in descriptors. */
export interface MessageNames extends EnumNames {
  readonly messages: readonly MessageNames[];
  readonly enums: readonly EnumNames[];
}

export interface FileNames {
  /** With its ending. */
  readonly path: string;
  readonly messages: readonly MessageNames[];
  readonly enums: readonly EnumNames[];
  readonly hasServices: boolean;
}

/** @throws {Error} for bytes that no compiler made, and for extensions, which none of our descriptions has. */
export function fileNames(bytes: Uint8Array): FileNames {
  const reader = new WireReader(bytes);
  let path = "";
  let scope = "";
  let hasServices = false;
  const messages: Uint8Array[] = [];
  const enums: Uint8Array[] = [];
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    const field = tag >>> 3;
    if (field === FILE.name) path = reader.string();
    else if (field === FILE.package) scope = reader.string();
    else if (field === FILE.message) messages.push(reader.bytes());
    else if (field === FILE.enumeration) enums.push(reader.bytes());
    else if (field === FILE.extension) throw new Error(`${path}: extensions are not supported`);
    else {
      hasServices ||= field === FILE.service;
      reader.skip(tag);
    }
  }
  return { path, messages: messagesOf(messages, scope), enums: enumsOf(enums, scope), hasServices };
}

function messagesOf(all: readonly Uint8Array[], scope: string): MessageNames[] {
  return all.map((bytes) => messageNames(bytes, scope)).filter((names) => names !== undefined);
}

/** Undefined: the entry of a map. */
function messageNames(bytes: Uint8Array, scope: string): MessageNames | undefined {
  const reader = new WireReader(bytes);
  let name = "";
  const messages: Uint8Array[] = [];
  const enums: Uint8Array[] = [];
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    const field = tag >>> 3;
    if (field === MESSAGE.name) name = reader.string();
    else if (field === MESSAGE.message) messages.push(reader.bytes());
    else if (field === MESSAGE.enumeration) enums.push(reader.bytes());
    else if (field === MESSAGE.extension) throw new Error(`${name}: extensions are not supported`);
    else if (field === MESSAGE.options && isMapEntry(reader.bytes())) return undefined;
    else if (field !== MESSAGE.options) reader.skip(tag);
  }
  const typeName = qualified(scope, name);
  return { name, typeName, messages: messagesOf(messages, typeName), enums: enumsOf(enums, typeName) };
}

function enumsOf(all: readonly Uint8Array[], scope: string): EnumNames[] {
  return all.map((bytes) => {
    const reader = new WireReader(bytes);
    let name = "";
    for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
      if (tag >>> 3 === NAME) name = reader.string();
      else reader.skip(tag);
    }
    return { name, typeName: qualified(scope, name) };
  });
}

function isMapEntry(options: Uint8Array): boolean {
  const reader = new WireReader(options);
  let isEntry = false;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag >>> 3 === MAP_ENTRY) isEntry = reader.varint() === 1;
    else reader.skip(tag);
  }
  return isEntry;
}

const qualified = (scope: string, name: string): string => (scope === "" ? name : `${scope}.${name}`);
