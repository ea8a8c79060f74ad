/**
 * `kuma.mesh.v1alpha1.KumaResource`, the envelope of every resource on the wire. Tens of thousands pass at once when a
 * zone connects, and the spec stays opaque here, so encoder and decoder are written by hand: the generated code would
 * build and walk a message object for each of them.
 */
import { hash } from "node:crypto";
import { err, ok, type Result } from "@isthmus/std";
import { BYTES, WireError, WireReader } from "./wire-reader.ts";
import { WireWriter } from "./wire-writer.ts";

export type KumaResourceMeta = {
  readonly name: string;
  /** Empty for global-scoped types. */
  readonly mesh: string;
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
};

/** Content of an Any; `value` is a view into the decoded bytes. */
export type WireAny = { readonly typeUrl: string; readonly value: Uint8Array };

/** A member is undefined when it is absent on the wire, which a peer must never do for meta and spec but can. */
export type DecodedKumaResource = {
  readonly meta: KumaResourceMeta | undefined;
  readonly spec: WireAny | undefined;
  readonly status: WireAny | undefined;
};

export type KumaResourceInput = {
  readonly name: string;
  readonly mesh: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Empty for JSON-typed specs. */
  readonly specTypeUrl: string;
  readonly specBytes: Uint8Array;
  /** Present exactly for types that have a status. */
  readonly statusBytes?: Uint8Array | undefined;
};

/** Same bytes as Go's deterministic marshaller, so that equal content has an equal version on every control plane. */
export function encodeKumaResource(input: KumaResourceInput): Uint8Array {
  const meta = new WireWriter()
    .optionalString(1, input.name)
    .optionalString(2, input.mesh)
    .stringMap(6, input.labels)
    .finish();
  const spec = encodeAny(input.specTypeUrl, input.specBytes);
  const writer = new WireWriter(meta.byteLength + spec.byteLength + (input.statusBytes?.byteLength ?? 0) + 64);
  writer.bytes(1, meta).bytes(2, spec);
  if (input.statusBytes !== undefined) writer.bytes(3, encodeAny("", input.statusBytes));
  return writer.finish();
}

export function decodeKumaResource(bytes: Uint8Array): Result<DecodedKumaResource, string> {
  try {
    return ok(readKumaResource(new WireReader(bytes)));
  } catch (error) {
    if (error instanceof WireError) return err(`malformed KumaResource: ${error.message}`);
    throw error;
  }
}

/** Kuma's version of a resource: lower-case hex SHA-256 of its encoded KumaResource. Source: kuma v2.14.3: pkg/kds/v2/cache/snapshot.go */
export function kumaResourceVersion(kumaResourceBytes: Uint8Array): string {
  return hash("sha256", kumaResourceBytes, "hex");
}

export function encodeAny(typeUrl: string, value: Uint8Array): Uint8Array {
  const writer = new WireWriter(typeUrl.length + value.byteLength + 16).optionalString(1, typeUrl);
  if (value.byteLength > 0) writer.bytes(2, value);
  return writer.finish();
}

/** A repeated occurrence of an embedded message is merged, as protobuf demands. */
function readKumaResource(reader: WireReader): DecodedKumaResource {
  let meta: KumaResourceMeta | undefined;
  let spec: WireAny | undefined;
  let status: WireAny | undefined;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === ((1 << 3) | BYTES)) meta = readMeta(reader, meta);
    else if (tag === ((2 << 3) | BYTES)) spec = readAny(reader, spec);
    else if (tag === ((3 << 3) | BYTES)) status = readAny(reader, status);
    else reader.skip(tag);
  }
  return { meta, spec, status };
}

function readMeta(reader: WireReader, before: KumaResourceMeta | undefined): KumaResourceMeta {
  let name = before?.name ?? "";
  let mesh = before?.mesh ?? "";
  let version = before?.version ?? "";
  const labels: Record<string, string> = { ...before?.labels };
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === ((1 << 3) | BYTES)) name = reader.string();
    else if (tag === ((2 << 3) | BYTES)) mesh = reader.string();
    else if (tag === ((5 << 3) | BYTES)) version = reader.string();
    else if (tag === ((6 << 3) | BYTES)) readStringEntry(reader, labels);
    else reader.skip(tag);
  }
  reader.leave(outer);
  return { name, mesh, version, labels };
}

export function readAny(reader: WireReader, before: WireAny | undefined): WireAny {
  let typeUrl = before?.typeUrl ?? "";
  let value = before?.value ?? EMPTY;
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === ((1 << 3) | BYTES)) typeUrl = reader.string();
    else if (tag === ((2 << 3) | BYTES)) value = reader.bytes();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return { typeUrl, value };
}

/** One entry of a map<string, string>. A key `__proto__` is dropped: it would change the object instead of a member. */
export function readStringEntry(reader: WireReader, into: Record<string, string>): void {
  let key = "";
  let value = "";
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === ((1 << 3) | BYTES)) key = reader.string();
    else if (tag === ((2 << 3) | BYTES)) value = reader.string();
    else reader.skip(tag);
  }
  reader.leave(outer);
  if (key !== "__proto__") into[key] = value;
}

const EMPTY = new Uint8Array(0);
