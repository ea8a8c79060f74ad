/**
 * Questions of a global about the proxies of its zones: a zone opens three streams, on which the global asks and the zone
 * answers. Kuma ends a stream when an answer comes that nobody waits for any more, and with it everything between global and
 * zone; here such an answer is dropped. Source: kuma v2.14.3: pkg/util/grpc/reverse_unary_rpcs.go.
 */
import type { GrpcStatus } from "@isthmus/grpc-kit";
import { type Clock, err, ok, type Result, type TimerHandle } from "@isthmus/std";
import { type AdminQuestion, decodeAnswer, encodeQuestion } from "./admin-message.ts";
import { ADMIN_TIMEOUT_MS } from "./admin-responder.ts";
import type { AdminStreamKind } from "./kds-methods.ts";

/** A zone's own limit, and the way there and back. */
const TIMEOUT_MS = ADMIN_TIMEOUT_MS + 2_000;
/** Questions to one zone that may be open at a time: what proxies print is large. */
const OPEN_MAX = 64;

export type AdminFailure =
  /** The zone has opened no stream for such questions. */
  { readonly kind: "not-connected" } | { readonly kind: "refused"; readonly reason: string };

export type AskAdmin = (
  zone: string,
  question: Omit<AdminQuestion, "requestId">,
) => Promise<Result<Uint8Array, AdminFailure>>;

export interface AdminPort {
  readonly writer: { write(message: Uint8Array): unknown };
  readonly isClosed: boolean;
  end(status: GrpcStatus): void;
}

interface OpenQuestion {
  readonly port: AdminPort;
  readonly timer: TimerHandle;
  readonly resolve: (result: Result<Uint8Array, AdminFailure>) => void;
}

export class AdminRequests {
  readonly #clock: Clock;
  readonly #newId: () => string;
  /** By zone and kind of stream. */
  readonly #ports = new Map<string, AdminPort>();
  readonly #open = new Map<string, OpenQuestion>();

  constructor(options: { readonly clock: Clock; readonly newId: () => string }) {
    this.#clock = options.clock;
    this.#newId = options.newId;
  }

  /** Of two streams of one kind the newer counts. */
  opened(zone: string, kind: AdminStreamKind, port: AdminPort): void {
    this.#ports.set(keyOf(zone, kind), port);
  }

  closed(zone: string, kind: AdminStreamKind, port: AdminPort): void {
    if (this.#ports.get(keyOf(zone, kind)) === port) this.#ports.delete(keyOf(zone, kind));
    for (const [id, question] of this.#open) {
      if (question.port === port)
        this.#settle(id, err({ kind: "refused", reason: "the stream of the zone was closed" }));
    }
  }

  readonly ask: AskAdmin = (zone, question) => {
    const port = this.#ports.get(keyOf(zone, question.stream));
    if (port === undefined || port.isClosed) return Promise.resolve(err({ kind: "not-connected" }));
    if ([...this.#open.values()].filter((each) => each.port === port).length >= OPEN_MAX) {
      return Promise.resolve(err({ kind: "refused", reason: `more than ${OPEN_MAX} open requests` }));
    }
    const requestId = this.#newId();
    return new Promise((resolve) => {
      const timer = this.#clock.setTimeout(
        () => this.#settle(requestId, err({ kind: "refused", reason: "the zone did not answer in time" })),
        TIMEOUT_MS,
      );
      this.#open.set(requestId, { port, timer, resolve });
      port.writer.write(encodeQuestion({ ...question, requestId }));
    });
  };

  /** An error: the bytes are no answer. One that nobody waits for is dropped. */
  message(kind: AdminStreamKind, port: AdminPort, bytes: Uint8Array): Result<undefined, string> {
    const answer = decodeAnswer(kind, bytes);
    if (!answer.ok) return answer;
    const { requestId, result } = answer.value;
    // One zone cannot answer what another was asked.
    if (this.#open.get(requestId)?.port === port) {
      this.#settle(requestId, result.ok ? result : err({ kind: "refused", reason: result.error }));
    }
    return ok(undefined);
  }

  /** Ends the streams of a zone. */
  end(zone: string, kinds: readonly AdminStreamKind[], status: GrpcStatus): void {
    for (const kind of kinds) this.#ports.get(keyOf(zone, kind))?.end(status);
  }

  #settle(requestId: string, result: Result<Uint8Array, AdminFailure>): void {
    const question = this.#open.get(requestId);
    this.#open.delete(requestId);
    question?.timer.cancel();
    question?.resolve(result);
  }
}

const keyOf = (zone: string, kind: AdminStreamKind): string => `${zone} ${kind}`;
