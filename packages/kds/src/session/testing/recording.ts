/**
 * Transcripts of Kuma 2.14.3 in testdata/recordings, one JSON object per line: messages of the sync streams as they were
 * on the wire (`raw`), and what the operator wrote in between. `link` counts the connections of the recording.
 */
import { readFileSync } from "node:fs";
import { decodeDeltaResponse, decodeKumaResource } from "@isthmus/proto";
import { decodeSpec, decodeStatus, type Labels } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { descriptorOf } from "../../testing/make-resource.ts";

export type Rpc = "GlobalToZoneSync" | "ZoneToGlobalSync";

export interface RecordedRequest {
  readonly type: string;
  readonly nodeId: string;
  readonly nonce?: string;
  readonly subscribe?: readonly string[];
  readonly initialVersions?: Readonly<Record<string, string>>;
  readonly error?: string;
  readonly features?: readonly string[];
}

interface MessageLine {
  readonly link: number;
  readonly rpc: Rpc;
  readonly from: "zone" | "global";
}

export type RecordedLine =
  | (MessageLine & { readonly request: RecordedRequest; readonly raw?: string })
  | (MessageLine & { readonly response: { readonly type: string; readonly nonce: string }; readonly raw: string })
  /** `REST PUT <path>` or `REST DELETE <path>`. */
  | { readonly note: string; readonly body?: JsonObject };

/** A resource of a response, decoded. */
export interface RecordedResource {
  readonly type: string;
  readonly wireName: string;
  readonly version: string;
  readonly name: string;
  readonly mesh: string;
  readonly labels: Labels;
  readonly spec: JsonObject;
  readonly status?: JsonObject;
}

export interface SaidByResponse {
  readonly resources: readonly RecordedResource[];
  readonly removed: readonly string[];
}

export function readRecording(name: string): readonly RecordedLine[] {
  const file = new URL(`../../../testdata/recordings/${name}.jsonl`, import.meta.url);
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as RecordedLine);
}

export function bytesOf(raw: string): Uint8Array {
  return Uint8Array.from(Buffer.from(raw, "base64"));
}

/** Everything a response says, in order of names: Kuma's order is random. */
export function saidBy(bytes: Uint8Array): SaidByResponse {
  const decoded = decodeDeltaResponse(bytes);
  if (!decoded.ok) throw new Error(decoded.error);
  const { typeUrl, resources, removed } = decoded.value;
  const descriptor = descriptorOf(typeUrl);
  const read = resources.map(({ name, version, kumaResourceBytes }): RecordedResource => {
    const resource = decodeKumaResource(kumaResourceBytes ?? new Uint8Array());
    if (!resource.ok || resource.value.meta === undefined) throw new Error(`${name} is not decodable`);
    const { meta, spec, status } = resource.value;
    const decodedSpec = decodeSpec(descriptor, spec?.typeUrl ?? "", spec?.value ?? new Uint8Array());
    const decodedStatus = decodeStatus(descriptor, status?.value);
    if (!decodedSpec.ok || !decodedStatus.ok) throw new Error(`${name} has no decodable spec`);
    const { mesh, labels } = meta;
    const wire = {
      type: typeUrl,
      wireName: name,
      version,
      name: meta.name,
      mesh,
      labels,
      spec: decodedSpec.value.spec,
    };
    return decodedStatus.value === undefined ? wire : { ...wire, status: decodedStatus.value };
  });
  return { resources: read.sort((a, b) => (a.wireName < b.wireName ? -1 : 1)), removed: [...removed].sort() };
}
