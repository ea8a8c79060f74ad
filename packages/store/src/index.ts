export { StoreError, type StoreErrorCode } from "./errors.ts";
export type {
  Change,
  Changes,
  CommitEvent,
  CommitResult,
  Op,
  ResourceDraft,
  Revision,
  Store,
} from "./store.ts";
