/**
 * The convergence ledger as `GET /sync` shows it, and the holds of the mass-change brake. Same shape as the types of
 * @isthmus/kds, which this package cannot import.
 */
import { z } from "zod";

export const syncStateSchema = z.enum(["synced", "pending", "rejected", "held", "oversize", "unsubscribed"]);

const directionSchema = z.enum(["global-to-zone", "zone-to-global"]);

/** A resource that the other side did not store. `isCertain` is false when it did not say which one of a response. */
export const syncRejectionSchema = z.object({
  wireName: z.string(),
  version: z.string(),
  reason: z.string(),
  since: z.number(),
  isCertain: z.boolean(),
});

/** One type towards or from one zone. Revisions are 0 on a receiver. Times are wall clock in milliseconds. */
export const syncRowSchema = z.object({
  zone: z.string(),
  direction: directionSchema,
  side: z.enum(["sender", "receiver"]),
  type: z.string(),
  state: syncStateSchema,
  /** Revision of the newest change of the type here; `sent` and `acknowledged` follow it. */
  head: z.number(),
  sent: z.number(),
  acknowledged: z.number(),
  /** Age of the oldest change that the other side has not stored yet; 0 when there is none. */
  oldestUnackedSeconds: z.number(),
  pendingResources: z.number(),
  resources: z.number(),
  responses: z.number(),
  acks: z.number(),
  nacks: z.number(),
  bytes: z.number(),
  /** Open holds of the receiver, as far as this side knows. */
  held: z.number(),
  rejected: z.array(syncRejectionSchema).readonly(),
  lastChangeAt: z.number().optional(),
  lastAckAt: z.number().optional(),
  lastNack: z.object({ at: z.number(), message: z.string() }).optional(),
});

export const syncZoneSchema = z.object({
  zone: z.string(),
  online: z.boolean(),
  connectedAt: z.number().optional(),
  address: z.string().optional(),
  version: z.string().optional(),
  instanceId: z.string().optional(),
  isIsthmus: z.boolean(),
  worst: z.object({
    state: syncStateSchema,
    type: z.string().optional(),
    direction: directionSchema.optional(),
    oldestUnackedSeconds: z.number(),
  }),
  rows: z.array(syncRowSchema).readonly(),
});

/** Deletions that the brake keeps back. `id` is `<zone>/<type>/<origin>`; `keys` is a sample of the names concerned. */
export const holdSchema = z.object({
  id: z.string(),
  reason: z.string(),
  since: z.number(),
  keys: z.array(z.string()).readonly(),
  wouldDelete: z.number(),
  of: z.number(),
  state: z.enum(["held", "rejected"]),
});

export const holdsSchema = z.object({ holds: z.array(holdSchema).readonly() });

export const syncStatusSchema = z.object({
  role: z.enum(["global", "zone"]),
  name: z.string(),
  historyId: z.string(),
  revision: z.number(),
  zones: z.array(syncZoneSchema).readonly(),
  holds: z.array(holdSchema).readonly(),
});

export type SyncState = z.infer<typeof syncStateSchema>;
export type SyncRejection = z.infer<typeof syncRejectionSchema>;
export type SyncRow = z.infer<typeof syncRowSchema>;
export type SyncZone = z.infer<typeof syncZoneSchema>;
export type Hold = z.infer<typeof holdSchema>;
export type SyncStatus = z.infer<typeof syncStatusSchema>;
