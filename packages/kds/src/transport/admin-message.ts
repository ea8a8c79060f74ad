/** Questions about proxies and their answers, as they go over the admin streams. Source: kuma v2.14.3: api/mesh/v1alpha1/kds.proto. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  AdminOutputFormat,
  ClustersRequestSchema,
  ClustersResponseSchema,
  StatsRequestSchema,
  StatsResponseSchema,
  XDSConfigRequestSchema,
  XDSConfigResponseSchema,
} from "@isthmus/proto";
import { err, ok, type Result } from "@isthmus/std";
import type { AdminStreamKind } from "./kds-methods.ts";

export interface AdminQuestion {
  readonly stream: AdminStreamKind;
  readonly requestId: string;
  /** `Dataplane`, `ZoneIngress` or `ZoneEgress`. */
  readonly type: string;
  /** Name in the zone. */
  readonly name: string;
  readonly mesh: string;
  readonly includeEds: boolean;
  readonly usedOnly: boolean;
  readonly format: "text" | "json";
}

export interface AdminAnswer {
  readonly requestId: string;
  /** What the proxy said, or why it could not be asked. */
  readonly result: Result<Uint8Array, string>;
}

export function encodeQuestion(question: AdminQuestion): Uint8Array {
  const { stream, requestId, type, name, mesh, includeEds, usedOnly } = question;
  const common = { requestId, resourceType: type, resourceName: name, resourceMesh: mesh };
  const format = question.format === "json" ? AdminOutputFormat.JSON : AdminOutputFormat.TEXT;
  switch (stream) {
    case "StreamXDSConfigs":
      return toBinary(XDSConfigRequestSchema, create(XDSConfigRequestSchema, { ...common, includeEds }));
    case "StreamStats":
      return toBinary(StatsRequestSchema, create(StatsRequestSchema, { ...common, format, usedOnly }));
    case "StreamClusters":
      return toBinary(ClustersRequestSchema, create(ClustersRequestSchema, { ...common, format }));
  }
}

/** @throws when the bytes are no question */
export function decodeQuestion(stream: AdminStreamKind, bytes: Uint8Array): AdminQuestion {
  switch (stream) {
    case "StreamXDSConfigs": {
      const request = fromBinary(XDSConfigRequestSchema, bytes);
      return { ...common(stream, request), includeEds: request.includeEds };
    }
    case "StreamStats": {
      const request = fromBinary(StatsRequestSchema, bytes);
      return { ...common(stream, request), format: formatOf(request.format), usedOnly: request.usedOnly };
    }
    case "StreamClusters": {
      const request = fromBinary(ClustersRequestSchema, bytes);
      return { ...common(stream, request), format: formatOf(request.format) };
    }
  }
}

/** An empty answer leaves the result unset, as Kuma does. */
export function encodeAnswer(stream: AdminStreamKind, { requestId, result }: AdminAnswer): Uint8Array {
  const error = result.ok ? undefined : { case: "error" as const, value: result.error };
  const value = result.ok ? result.value : new Uint8Array();
  const isEmpty = value.byteLength === 0;
  switch (stream) {
    case "StreamXDSConfigs": {
      const content = error ?? (isEmpty ? { case: undefined } : { case: "config" as const, value });
      return toBinary(XDSConfigResponseSchema, create(XDSConfigResponseSchema, { requestId, result: content }));
    }
    case "StreamStats": {
      const content = error ?? (isEmpty ? { case: undefined } : { case: "stats" as const, value });
      return toBinary(StatsResponseSchema, create(StatsResponseSchema, { requestId, result: content }));
    }
    case "StreamClusters": {
      const content = error ?? (isEmpty ? { case: undefined } : { case: "clusters" as const, value });
      return toBinary(ClustersResponseSchema, create(ClustersResponseSchema, { requestId, result: content }));
    }
  }
}

/** An error: the bytes are no answer. */
export function decodeAnswer(stream: AdminStreamKind, bytes: Uint8Array): Result<AdminAnswer, string> {
  try {
    const { requestId, result } = fromBinary(RESPONSES[stream], bytes);
    if (result.case === "error") return ok({ requestId, result: err(result.value) });
    return ok({ requestId, result: ok(result.value ?? new Uint8Array()) });
  } catch (error) {
    return err(error instanceof Error ? error.message : String(error));
  }
}

const RESPONSES = {
  StreamXDSConfigs: XDSConfigResponseSchema,
  StreamStats: StatsResponseSchema,
  StreamClusters: ClustersResponseSchema,
} as const;

interface CommonRequest {
  readonly requestId: string;
  readonly resourceType: string;
  readonly resourceName: string;
  readonly resourceMesh: string;
}

function common(stream: AdminStreamKind, request: CommonRequest): AdminQuestion {
  return {
    stream,
    requestId: request.requestId,
    type: request.resourceType,
    name: request.resourceName,
    mesh: request.resourceMesh,
    includeEds: false,
    usedOnly: false,
    format: "json",
  };
}

function formatOf(format: AdminOutputFormat): AdminQuestion["format"] {
  return format === AdminOutputFormat.JSON ? "json" : "text";
}
