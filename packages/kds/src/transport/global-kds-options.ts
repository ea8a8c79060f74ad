/** What a GlobalKdsServer is made of. */
import type { GrpcServerOptions, GrpcStatus } from "@isthmus/grpc-kit";
import type { Registry } from "@isthmus/resources";
import type { Clock, Random } from "@isthmus/std";
import type { OpenApplier } from "../apply/batch-applier.ts";
import type { Outbox } from "../feed/outbox.ts";
import type { NodeIdentity } from "../wire/node.ts";
import type { OnKdsEvent } from "./kds-events.ts";
import type { HoldsFeed } from "./receiver-stream.ts";
import type { StuckPolicy } from "./sender-stream.ts";
import type { ZoneAuthentication } from "./zone-gate.ts";
import type { NameConflictRule } from "./zone-links.ts";

export interface AdmissionRequest {
  readonly zone: string;
  /** `host:port` of the zone's end. */
  readonly address: string;
  /** The header of that name. */
  readonly authorization: string | undefined;
}

/**
 * Which zones are served: resolves with the status that refuses one, with undefined to serve it. Asked once per
 * connection and awaited before a message is read, so it is also the place where an unknown zone is created.
 */
export type AdmitZone = (request: AdmissionRequest) => Promise<GrpcStatus | undefined>;

export interface GlobalKdsServerOptions {
  readonly registry: Registry;
  /** With role `global`, started. */
  readonly outbox: Outbox;
  readonly openApplier: OpenApplier;
  readonly holds?: HoldsFeed;
  /** Of the global's store. */
  readonly historyId: string;
  readonly node: Pick<NodeIdentity, "instanceId" | "version">;
  readonly server: Pick<GrpcServerOptions, "address" | "port" | "portSetting" | "tls"> &
    Partial<Pick<GrpcServerOptions, "keepaliveMs" | "drainMs" | "highWaterBytes" | "observeCalls">>;
  readonly clock: Clock;
  readonly random: Random;
  readonly onEvent: OnKdsEvent;
  /** In both directions, after decompression. Default: Kuma's 10 MiB. */
  readonly maxMessageBytes?: number;
  /** Both 0 (the default, as in Kuma): zones keep their own interval and are not given up for missing pings. */
  readonly zoneHealthCheck?: { readonly pollIntervalMs: number; readonly timeoutMs: number };
  /** Default: ZoneNameConflicts, three changes within a minute. */
  readonly conflicts?: NameConflictRule;
  /** Absent: everybody is the zone that he says. */
  readonly authentication?: ZoneAuthentication;
  /** Absent: all zones are served. */
  readonly admitZone?: AdmitZone;
  /** Zones are turned away until it says true: first responses are destructive, so they must be complete. */
  readonly isReady?: () => boolean;
  readonly stuck?: StuckPolicy;
}
