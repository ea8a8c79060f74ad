/**
 * Rows of the data file. Key: 6 bytes, a number given to each resource when it is created (not its name: LMDB limits keys
 * to 1,978 bytes, and one name too long would fail every commit of its batch). Value: CRC-32 of key and text, then the
 * text as JSON. Row 0 is the header, which is rewritten by every transaction: it carries the revision, and the number of
 * rows and the sum of their checksums, so that a row that got lost is noticed like one that changed.
 */
import { crc32 } from "node:zlib";
import type { Labels, Resource, ResourceKey } from "@isthmus/resources";
import { errorMessage, isJsonObject } from "@isthmus/std";
import type { Revision } from "../store.ts";
import { DataFileDamage, type DataFileEntry } from "./data-file.ts";

const KEY_BYTES = 6;
const CHECKSUM_BYTES = 4;
export const HEADER_ROW = 0;

export interface Header {
  readonly historyId: string;
  readonly revision: Revision;
  readonly rows: number;
  /** Sum of the checksums of all rows but this, modulo 2^32. */
  readonly digest: number;
}

export interface EncodedRow {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly checksum: number;
}

export interface DecodedRow {
  readonly id: number;
  readonly text: string;
  readonly checksum: number;
}

export function rowKey(id: number): Buffer {
  const key = Buffer.allocUnsafeSlow(KEY_BYTES);
  key.writeUIntBE(id, 0, KEY_BYTES);
  return key;
}

export function encodeHeader({ historyId, revision, rows, digest }: Header): EncodedRow {
  return encode(HEADER_ROW, JSON.stringify({ historyId, revision, rows, digest }));
}

export function encodeResource(id: number, resource: Resource): EncodedRow {
  const { type, mesh, name, version, creationTime, modificationTime, labels, spec, status, opaqueSpec, owner } =
    resource;
  const opaque = opaqueSpec ? Buffer.from(opaqueSpec).toString("base64") : null;
  const ownerKey = owner ? [owner.type, owner.mesh, owner.name] : null;
  const times = [creationTime, modificationTime];
  return encode(
    id,
    JSON.stringify([type, mesh, name, version, ...times, labels, spec, status ?? null, opaque, ownerKey]),
  );
}

/** Throws DataFileDamage, as do the others. */
export function decodeRow({ key, value }: DataFileEntry): DecodedRow {
  if (key.length !== KEY_BYTES) throw new DataFileDamage(`a row has a key of ${key.length} bytes`);
  const id = key.readUIntBE(0, KEY_BYTES);
  if (value.length < CHECKSUM_BYTES) throw new DataFileDamage(`row ${id} is cut off`);
  const checksum = value.readUInt32LE(0);
  const body = value.subarray(CHECKSUM_BYTES);
  if (crc32(body, crc32(key)) !== checksum) throw new DataFileDamage(`row ${id} has a wrong checksum`);
  return { id, text: body.toString("utf8"), checksum };
}

export function decodeHeader(row: DecodedRow): Header {
  const value = parse(row);
  if (isJsonObject(value)) {
    const { historyId, revision, rows, digest } = value;
    const isComplete = typeof revision === "number" && typeof rows === "number" && typeof digest === "number";
    if (typeof historyId === "string" && isComplete) return { historyId, revision, rows, digest };
  }
  throw new DataFileDamage("the header row is not a header");
}

export function decodeResource(row: DecodedRow): Resource {
  const value = parse(row);
  if (!Array.isArray(value) || value.length !== 11) throw notAResource(row);
  const [type, mesh, name, version, creationTime, modificationTime, labels, spec, status, opaque, owner] =
    value as unknown[];
  const areTexts = [type, mesh, name, creationTime, modificationTime].every((text) => typeof text === "string");
  if (!areTexts || typeof version !== "number" || !isJsonObject(labels) || !isJsonObject(spec)) throw notAResource(row);
  if (status !== null && !isJsonObject(status)) throw notAResource(row);
  if (opaque !== null && typeof opaque !== "string") throw notAResource(row);
  return Object.freeze({
    type: type as string,
    mesh: mesh as string,
    name: name as string,
    labels: Object.freeze(labels as Labels),
    spec,
    ...(status !== null && { status }),
    ...(typeof opaque === "string" && { opaqueSpec: new Uint8Array(Buffer.from(opaque, "base64")) }),
    creationTime: creationTime as string,
    modificationTime: modificationTime as string,
    version,
    ...(owner !== null && { owner: decodeOwner(row, owner) }),
  });
}

function decodeOwner(row: DecodedRow, value: unknown): ResourceKey {
  if (!Array.isArray(value) || value.length !== 3) throw notAResource(row);
  const [type, mesh, name] = value as unknown[];
  if (typeof type !== "string" || typeof mesh !== "string" || typeof name !== "string") throw notAResource(row);
  return Object.freeze({ type, mesh, name });
}

function encode(id: number, text: string): EncodedRow {
  const key = rowKey(id);
  const value = Buffer.allocUnsafeSlow(CHECKSUM_BYTES + Buffer.byteLength(text));
  value.write(text, CHECKSUM_BYTES, "utf8");
  const checksum = crc32(value.subarray(CHECKSUM_BYTES), crc32(key));
  value.writeUInt32LE(checksum, 0);
  return { key, value, checksum };
}

function parse(row: DecodedRow): unknown {
  try {
    return JSON.parse(row.text);
  } catch (error) {
    throw new DataFileDamage(`row ${row.id} is not JSON: ${errorMessage(error)}`);
  }
}

const notAResource = ({ id }: DecodedRow): DataFileDamage => new DataFileDamage(`row ${id} is not a resource`);
