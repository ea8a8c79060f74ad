/** Errors of the store. `key` names the resource for those that concern one. */
import type { ResourceKey } from "@isthmus/resources";

export type StoreErrorCode =
  | "VERSION_CONFLICT"
  | "ALREADY_EXISTS"
  | "NOT_FOUND"
  | "IO"
  | "CLOSED"
  | "LOCKED"
  | "DAMAGED"
  | "FOREIGN";

export class StoreError extends Error {
  readonly code: StoreErrorCode;
  readonly key: ResourceKey | undefined;

  constructor(code: StoreErrorCode, message: string, options: { key?: ResourceKey; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "StoreError";
    this.code = code;
    this.key = options.key;
  }
}

/** Somebody else wrote between the reading and the writing: the same attempt may succeed with what is there now. */
export function isOvertaken(error: unknown): error is StoreError {
  return error instanceof StoreError && OVERTAKEN.has(error.code);
}

const OVERTAKEN: ReadonlySet<StoreErrorCode> = new Set(["VERSION_CONFLICT", "ALREADY_EXISTS", "NOT_FOUND"]);
