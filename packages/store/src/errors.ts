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
