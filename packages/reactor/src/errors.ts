/** Misuse of the reactor: always a defect of the caller, never of the data. */

export type ReactorErrorCode =
  /** Two collections with one name. */
  | "DUPLICATE_NAME"
  /** A collection of another reactor, or none of ours. */
  | "FOREIGN"
  /** A derivation read a collection created after its own: order of creation is what rules out cycles. */
  | "READS_LATER"
  /** `read` was used after the derivation that it was given to had returned. */
  | "READ_OUTSIDE"
  /** A derivation wrote to a source, or created a collection. */
  | "WRITE_WHILE_DERIVING"
  /** `flush` was called by a derivation or a listener of a running one. */
  | "REENTRANT_FLUSH";

export class ReactorError extends Error {
  readonly code: ReactorErrorCode;

  constructor(code: ReactorErrorCode, message: string) {
    super(message);
    this.name = "ReactorError";
    this.code = code;
  }
}
