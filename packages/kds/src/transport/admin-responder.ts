/**
 * A zone's answers on the admin streams: the global asks for the configuration, statistics or clusters of one proxy.
 * Errors go into the answer and never end the stream. Source: kuma v2.14.3: pkg/kds/service/envoy_admin_processor.go.
 */
import { type Clock, err, errorMessage, ok, type Result } from "@isthmus/std";
import { type AdminQuestion, decodeQuestion, encodeAnswer } from "./admin-message.ts";
import type { AdminStreamKind } from "./kds-methods.ts";

/** Kuma's limit for one question; its global waits no longer either. */
export const ADMIN_TIMEOUT_MS = 10_000;
/** Questions of one stream that may be open at a time. */
const OPEN_MAX = 64;

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
      question = decodeQuestion(stream, bytes);
    } catch (error) {
      return err(errorMessage(error));
    }
    if (this.#open >= OPEN_MAX) {
      write(
        encodeAnswer(stream, { requestId: question.requestId, result: err(`more than ${OPEN_MAX} open requests`) }),
      );
      return ok(undefined);
    }
    this.#open += 1;
    void this.#ask(question).then((result) => {
      this.#open -= 1;
      write(encodeAnswer(stream, { requestId: question.requestId, result }));
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
