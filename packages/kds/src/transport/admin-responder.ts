/**
 * A zone's answers on the admin streams: the global asks for the configuration, statistics or clusters of one proxy.
 * Errors go into the answer and never end the stream. Source: kuma v2.14.3: pkg/kds/service/envoy_admin_processor.go.
 */
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
import { type Clock, err, errorMessage, ok, type Result } from "@isthmus/std";
import type { AdminStreamKind } from "./kds-methods.ts";

/** Kuma's limit for one question; its global waits no longer either. */
export const ADMIN_TIMEOUT_MS = 10_000;
/** Questions of one stream that may be open at a time. */
const OPEN_MAX = 64;

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

/** What the proxy said, or why it cannot be asked. */
export type AnswerAdmin = (question: AdminQuestion) => Promise<Result<Uint8Array, string>>;

/** The answer of a zone that has no such proxy. */
export const noSuchProxy: AnswerAdmin = ({ type, name, mesh }) =>
  Promise.resolve(
    err(`resource not found: type=${JSON.stringify(type)} name=${JSON.stringify(name)} mesh=${JSON.stringify(mesh)}`),
  );

export interface AdminResponderOptions {
  readonly stream: AdminStreamKind;
  readonly answer: AnswerAdmin;
  readonly clock: Clock;
  readonly write: (message: Uint8Array) => void;
}

export class AdminResponder {
  readonly #options: AdminResponderOptions;
  #open = 0;

  constructor(options: AdminResponderOptions) {
    this.#options = options;
  }

  /** An error: the bytes are no question. */
  message(bytes: Uint8Array): Result<undefined, string> {
    const { stream, write } = this.#options;
    let question: AdminQuestion;
    try {
      question = readQuestion(stream, bytes);
    } catch (error) {
      return err(errorMessage(error));
    }
    if (this.#open >= OPEN_MAX) {
      write(encodeAnswer(question, err(`more than ${OPEN_MAX} open requests`)));
      return ok(undefined);
    }
    this.#open += 1;
    void this.#ask(question).then((result) => {
      this.#open -= 1;
      write(encodeAnswer(question, result));
    });
    return ok(undefined);
  }

  async #ask(question: AdminQuestion): Promise<Result<Uint8Array, string>> {
    const { answer, clock } = this.#options;
    let cancel = (): void => {};
    const late = new Promise<Result<Uint8Array, string>>((resolve) => {
      const timer = clock.setTimeout(() => resolve(err("the proxy did not answer in time")), ADMIN_TIMEOUT_MS);
      cancel = timer.cancel;
    });
    try {
      return await Promise.race([answer(question), late]);
    } catch (error) {
      return err(errorMessage(error));
    } finally {
      cancel();
    }
  }
}

function readQuestion(stream: AdminStreamKind, bytes: Uint8Array): AdminQuestion {
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

/** An empty answer leaves the result unset, as Kuma does. */
function encodeAnswer({ stream, requestId }: AdminQuestion, result: Result<Uint8Array, string>): Uint8Array {
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
