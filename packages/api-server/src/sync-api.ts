/** The ledger and the brake as the program hands them in: this package knows the sync by its contract only. */
import type { Hold, SyncStatus } from "@isthmus/api";

export interface SyncApi {
  status(): SyncStatus;
  holds(): readonly Hold[];
  /** Lets the deletions of the hold happen. False when there is no such hold. Rejects where the store fails. */
  accept(id: string): Promise<boolean>;
  /** Keeps the resources. False when there is no such hold. */
  reject(id: string): Promise<boolean>;
}
