/** `/sync` of both programs: the ledger, computed from the sessions when it is asked for, and the holds of the brake. */
import type { SyncApi } from "@isthmus/api-server";
import {
  type Hold,
  type Outbox,
  offlineZone,
  onlineZone,
  type PeerStatus,
  receiverRows,
  type SyncRow,
  type SyncStatus,
  senderRows,
  type ZoneSync,
} from "@isthmus/kds";
import type { Clock } from "@isthmus/std";
import type { Store } from "@isthmus/store";

export interface SyncApiOptions {
  readonly role: "global" | "zone";
  /** `global`, or the name of the zone. */
  readonly name: string;
  readonly store: Pick<Store, "historyId" | "revision">;
  readonly outbox: Pick<Outbox, "view">;
  readonly clock: Pick<Clock, "now">;
  /** On a global all zones that it has seen, on a zone the one connection to its global. */
  readonly peers: () => readonly PeerStatus[];
  /** Names of zones that are known, also of those that were not seen by this process. */
  readonly zones: () => readonly string[];
  readonly holds: {
    list(): readonly Hold[];
    accept(id: string): Promise<boolean>;
    reject(id: string): Promise<boolean>;
  };
}

export interface Sync extends SyncApi {
  status(): SyncStatus<Hold>;
}

export function createSyncApi(options: SyncApiOptions): Sync {
  const { holds } = options;
  return {
    status: () => statusOf(options),
    holds: () => holds.list(),
    accept: (id) => holds.accept(id),
    reject: (id) => holds.reject(id),
  };
}

/** Of a zone without a global: nothing to sync, nothing to hold. */
export function aloneSyncApi(name: string, store: Pick<Store, "historyId" | "revision">): Sync {
  return {
    status: () => ({ role: "zone", name, historyId: store.historyId, revision: store.revision, zones: [], holds: [] }),
    holds: () => [],
    accept: async () => false,
    reject: async () => false,
  };
}

function statusOf(options: SyncApiOptions): SyncStatus<Hold> {
  const { role, name, store, clock, holds } = options;
  const now = clock.now();
  const zones = new Map<string, ZoneSync>(options.zones().map((zone) => [zone, offlineZone(zone, undefined, now)]));
  for (const peer of options.peers()) zones.set(peer.zone, zoneOf(peer, options, now));
  const ordered = [...zones.values()].sort((a, b) => (a.zone < b.zone ? -1 : 1));
  return { role, name, historyId: store.historyId, revision: store.revision, zones: ordered, holds: holds.list() };
}

function zoneOf(status: PeerStatus, options: SyncApiOptions, now: number): ZoneSync {
  if (!status.isOnline) return offlineZone(status.zone, status.lastSeenAt, now);
  const { peer } = status;
  const connection = {
    connectedAt: peer.connectedAt,
    address: peer.address,
    isIsthmus: peer.isIsthmus,
    ...(peer.version !== undefined && { version: peer.version.version }),
    ...(peer.instanceId !== undefined && { instanceId: peer.instanceId }),
  };
  return onlineZone(status.zone, connection, rowsOf(status, options, now));
}

/** What this side sends first, then what it receives; each in order of type. */
function rowsOf({ sender, receiver }: PeerStatus, { role, outbox }: SyncApiOptions, now: number): SyncRow[] {
  const [sends, receives] =
    role === "global"
      ? (["global-to-zone", "zone-to-global"] as const)
      : (["zone-to-global", "global-to-zone"] as const);
  return [
    ...(sender === undefined
      ? []
      : senderRows(sender, { outbox: outbox.view(sender.features), direction: sends, now })),
    ...(receiver === undefined ? [] : receiverRows(receiver, { direction: receives, now })),
  ];
}
