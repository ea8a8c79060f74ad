/** What `/sync` shows. Rows are computed from session state when asked for; nothing is recorded beside the protocol. */

export type SyncState = "synced" | "pending" | "held" | "rejected" | "oversize" | "unsubscribed";

export interface SyncRow {
  readonly zone: string;
  readonly direction: "global-to-zone" | "zone-to-global";
  readonly side: "sender" | "receiver";
  readonly type: string;
  readonly state: SyncState;
  /** Revisions of this side's store; 0 on a receiver. */
  readonly head: number;
  readonly sent: number;
  readonly acknowledged: number;
  /** Age of the oldest change that is not known to be stored; 0 when all are. */
  readonly oldestUnackedSeconds: number;
  /** Changes that are not known to be stored. */
  readonly pendingResources: number;
  /** Sender: entitled resources. Receiver: 0, the store knows. */
  readonly resources: number;
  readonly responses: number;
  readonly acks: number;
  readonly nacks: number;
  readonly bytes: number;
  /** Open holds of the receiver, as far as this side knows. */
  readonly held: number;
  readonly rejected: readonly SyncRejection[];
  /** Wall clock, ms. */
  readonly lastChangeAt?: number;
  readonly lastAckAt?: number;
  readonly lastNack?: { readonly at: number; readonly message: string };
}

export interface SyncRejection {
  readonly wireName: string;
  readonly version: string;
  readonly reason: string;
  readonly since: number;
  /** False when the receiver did not say which resource of a response it rejected. */
  readonly isCertain: boolean;
}

export interface WorstRow {
  readonly state: SyncState;
  readonly type?: string;
  readonly direction?: SyncRow["direction"];
  readonly oldestUnackedSeconds: number;
}

export interface ZoneSync {
  readonly zone: string;
  readonly online: boolean;
  readonly connectedAt?: number;
  readonly address?: string;
  readonly version?: string;
  readonly instanceId?: string;
  readonly isIsthmus: boolean;
  readonly worst: WorstRow;
  readonly rows: readonly SyncRow[];
}

/** `H` is the guard's Hold. */
export interface SyncStatus<H = unknown> {
  readonly role: "global" | "zone";
  readonly name: string;
  readonly historyId: string;
  readonly revision: number;
  readonly zones: readonly ZoneSync[];
  readonly holds: readonly H[];
}
