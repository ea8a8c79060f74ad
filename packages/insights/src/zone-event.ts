/**
 * What zone insights are made of, as the sync tells it. A part of the events of @isthmus/kds, which this package cannot
 * import: whoever puts the two together sees at compile time that they still fit.
 */

export type ZoneStream =
  | "GlobalToZoneSync"
  | "ZoneToGlobalSync"
  | "StreamXDSConfigs"
  | "StreamStats"
  | "StreamClusters"
  | "HealthCheck";

/** One connection of one zone instance; on a zone, the connection to its global. */
export interface ZonePeer {
  readonly zone: string;
  /** Different for every connection of this process. */
  readonly connection: number;
  /** What the peer said about itself; undefined until it did. */
  readonly instanceId: string | undefined;
  readonly version:
    | {
        readonly version: string;
        readonly gitTag: string;
        readonly gitCommit?: string | undefined;
        readonly buildDate?: string | undefined;
      }
    | undefined;
  /** Its configuration as JSON text. */
  readonly config: string | undefined;
  /** Its streams carried an `authorization` header. */
  readonly authTokenProvided?: boolean;
  /** Wall clock, ms. */
  readonly connectedAt: number;
}

export type ZoneEvent =
  | { readonly kind: "connected"; readonly peer: ZonePeer }
  /** A connected peer said who it is later than `connected`, or anew. */
  | { readonly kind: "identified"; readonly peer: ZonePeer }
  | { readonly kind: "pinged"; readonly zone: string; readonly at: number }
  | { readonly kind: "disconnected"; readonly peer: ZonePeer }
  | { readonly kind: "streamOpened"; readonly peer: ZonePeer; readonly stream: ZoneStream }
  | { readonly kind: "streamClosed"; readonly peer: ZonePeer; readonly stream: ZoneStream }
  /** One response sent. */
  | { readonly kind: "sent"; readonly zone: string; readonly type: string }
  /** `acked` and `nacked` count, all other notes are ignored. */
  | {
      readonly kind: "sender";
      readonly zone: string;
      readonly note: { readonly note: string; readonly type: string };
    }
  /** No concern of an insight. */
  | {
      readonly kind:
        | "refused"
        | "zoneNameConflict"
        | "received"
        | "receiver"
        | "recycled"
        | "retrying"
        | "defect"
        | "garbage";
    };
