/** DeltaDiscoveryResponse between bytes and what the sessions speak of. */

import { joined, type OutgoingMessage, PART_BYTES } from "@isthmus/grpc-kit";
import {
  type DeltaResource,
  decodeDeltaResponse,
  decodeKumaResource,
  encodeDeltaResponse,
  KUMA_RESOURCE_TYPE_URL,
  messageNameOf,
} from "@isthmus/proto";
import {
  decodeSpec,
  decodeStatus,
  formatViolations,
  type Registry,
  type Resource,
  type TypeDescriptor,
  type ValidationContext,
  type Violation,
  validateResource,
} from "@isthmus/resources";
import { err, errorMessage, ok, type Result } from "@isthmus/std";
import { type ReceivedResource, type Rejection, wireNameOf } from "../session/received-resource.ts";
import type { ReceivedResponse } from "../session/receiver-state.ts";
import type { SenderEffect } from "../session/sender-state.ts";

/** What an ill-formed name is cut to in messages. */
const SHOWN_NAME_MAX_LENGTH = 300;
/** Reasons stay in the ledger and may quote the whole resource. */
const REASON_MAX_LENGTH = 2_000;

type SendEffect = Extract<SenderEffect, { kind: "send" }>;

export interface ResponseReader {
  readonly registry: Registry;
  /** Which side validates. */
  readonly mode: ValidationContext["mode"];
}

/**
 * Decodes and validates. One bad resource becomes a rejection, the others go on; only a message that is no protobuf at
 * all is an error. A type that the registry does not know yields no resources: the session refuses it anyway.
 */
export function readResponse(bytes: Uint8Array, reader: ResponseReader): Result<ReceivedResponse, string> {
  const decoded = decodeDeltaResponse(bytes);
  if (!decoded.ok) return decoded;
  const { typeUrl, nonce, resources, removed, intents } = decoded.value;
  const descriptor = reader.registry.get(typeUrl);
  const upserts = new Map<string, ReceivedResource>();
  const invalid: Rejection[] = [];
  for (const resource of descriptor === undefined ? [] : resources) {
    const read = readWhatever(resource, descriptor as TypeDescriptor, reader.mode);
    // Of several with one name the last counts.
    if (read.ok) upserts.set(read.value.wireName, read.value);
    else invalid.push(read.error);
  }
  for (const { wireName } of invalid) upserts.delete(wireName);
  const received = { type: typeUrl, nonce, removed, invalid, intents, bytes: bytes.byteLength };
  return ok({ ...received, upserts: [...upserts.values()] });
}

/** The bytes of a `send` effect: a header and the shared chunks. `controlPlane` is `global` or the zone name. */
export function encodeResponse(send: SendEffect, controlPlane: string): Uint8Array {
  return encodeDeltaResponse({ ...headerOf(send, controlPlane), chunks: send.upserts.map(({ chunk }) => chunk) });
}

/** The same, in one piece or, when it is large, in parts that are put together when the transport asks for them. */
export function responseMessage(send: SendEffect, controlPlane: string): OutgoingMessage {
  if (send.bytes <= PART_BYTES) return encodeResponse(send, controlPlane);
  // Fields of a protobuf message may come in any order, so the resources may follow all others.
  const header = encodeDeltaResponse({ ...headerOf(send, controlPlane), chunks: [] });
  const parts = () => joined([header, ...send.upserts.map(({ chunk }) => chunk)]);
  return { byteLength: header.byteLength + send.bytes, parts };
}

function headerOf(send: SendEffect, controlPlane: string): Omit<Parameters<typeof encodeDeltaResponse>[0], "chunks"> {
  const { type, nonce, removals, intents } = send;
  return { typeUrl: type, nonce, controlPlane, removed: removals, intents };
}

/** What neither codec nor rules foresee, such as a stack that is exhausted, rejects the resource as well. */
function readWhatever(
  resource: DeltaResource,
  descriptor: TypeDescriptor,
  mode: ValidationContext["mode"],
): Result<ReceivedResource, Rejection> {
  try {
    return readResource(resource, descriptor, mode);
  } catch (error) {
    return err({ wireName: shownName(resource.name), kind: "undecodable", reason: cut(errorMessage(error)) });
  }
}

function readResource(
  resource: DeltaResource,
  descriptor: TypeDescriptor,
  mode: ValidationContext["mode"],
): Result<ReceivedResource, Rejection> {
  const undecodable = (reason: string, wireName = resource.name): Result<never, Rejection> =>
    err({ wireName: shownName(wireName), kind: "undecodable", reason: cut(reason) });
  if (resource.kumaResourceBytes === undefined) return undecodable("resource without content");
  if (messageNameOf(resource.anyTypeUrl ?? "") !== messageNameOf(KUMA_RESOURCE_TYPE_URL)) {
    return undecodable(`content is no KumaResource but ${JSON.stringify(resource.anyTypeUrl)}`);
  }
  const decoded = decodeKumaResource(resource.kumaResourceBytes);
  if (!decoded.ok) return undecodable(decoded.error);
  const { meta, spec, status } = decoded.value;
  if (meta === undefined) return undecodable("resource without meta");
  const wireName = wireNameOf(meta);
  if (spec === undefined) return undecodable("resource without spec", wireName);
  const decodedSpec = decodeSpec(descriptor, spec.typeUrl, spec.value);
  if (!decodedSpec.ok) return undecodable(decodedSpec.error, wireName);
  const decodedStatus = decodeStatus(descriptor, status?.value);
  if (!decodedStatus.ok) return undecodable(`status: ${decodedStatus.error}`, wireName);

  const draft = {
    type: descriptor.name,
    mesh: meta.mesh,
    name: meta.name,
    labels: meta.labels,
    ...decodedSpec.value,
    ...(decodedStatus.value === undefined ? {} : { status: decodedStatus.value }),
  };
  const violations = violationsOf(descriptor, { ...draft, creationTime: "", modificationTime: "", version: 0 }, mode);
  if (violations.length === 0) return ok({ wireName, version: resource.version, resource: draft });
  return err({ wireName: shownName(wireName), kind: "invalid", reason: reasonOf(violations) });
}

function reasonOf(violations: readonly Violation[]): string {
  let reason = "";
  for (const violation of violations) {
    const next = formatViolations([violation]);
    reason = reason === "" ? next : `${reason}; ${next}`;
    if (reason.length > REASON_MAX_LENGTH) break;
  }
  return cut(reason);
}

const cut = (reason: string): string =>
  reason.length > REASON_MAX_LENGTH ? `${copy(reason.slice(0, REASON_MAX_LENGTH))}...` : reason;

const shownName = (wireName: string): string =>
  wireName.length > SHOWN_NAME_MAX_LENGTH ? copy(wireName.slice(0, SHOWN_NAME_MAX_LENGTH)) : wireName;

/** A slice keeps the whole text alive. */
const copy = (text: string): string => Buffer.from(text).toString();

/** Rules of Kuma speak alone where they find something: their texts get into NACKs. */
function violationsOf(
  descriptor: TypeDescriptor,
  resource: Resource,
  mode: ValidationContext["mode"],
): readonly Violation[] {
  const found = validateResource(descriptor, resource, { mode }, { isFromPeer: true });
  if (descriptor.scope === "Mesh" || resource.mesh === "") return found;
  return [{ field: "mesh", reason: `${descriptor.name} belongs to no mesh` }, ...found];
}
