/** What the gRPC shells tell the program: life of zones and streams, and everything that metrics count. */
import type { ReceiverNote } from "../session/receiver.ts";
import type { SenderNote } from "../session/sender.ts";

/** The streams and calls of KDS, by the names that logs and metrics use. */
export type KdsStreamKind =
  | "GlobalToZoneSync"
  | "ZoneToGlobalSync"
  | "StreamXDSConfigs"
  | "StreamStats"
  | "StreamClusters"
  | "HealthCheck";

export interface PeerVersion {
  readonly product: string;
  readonly version: string;
  readonly gitTag: string;
  readonly gitCommit?: string;
  readonly buildDate?: string;
}

/** One connection of one zone instance; on a zone, the connection to its global. */
export interface KdsPeer {
  readonly zone: string;
  /** Counts the connections of this process. */
  readonly connection: number;
  /** Remote address, `host:port`. */
  readonly address: string;
  /** Instance id of the peer, from its node metadata; undefined before its first request. */
  readonly instanceId: string | undefined;
  readonly version: PeerVersion | undefined;
  /** The `config` of the node metadata: a zone's configuration as JSON text. */
  readonly config: string | undefined;
  readonly isIsthmus: boolean;
  /** Its streams carried an `authorization` header; only on a global. */
  readonly authTokenProvided?: boolean;
  /** Wall clock, ms. */
  readonly connectedAt: number;
}

export type KdsEvent =
  /** The first sync stream of a connection delivered its first valid request or response. */
  | { readonly kind: "connected"; readonly peer: KdsPeer }
  /** A connected peer told its instance, version or configuration later than `connected`, or anew. */
  | { readonly kind: "identified"; readonly peer: KdsPeer }
  /** A zone's health ping (on the global). */
  | { readonly kind: "pinged"; readonly zone: string; readonly at: number }
  /** On a zone: the connection failed or could not be made; the next attempt begins after `delayMs`. */
  | { readonly kind: "retrying"; readonly zone: string; readonly reason: string; readonly delayMs: number }
  | { readonly kind: "disconnected"; readonly peer: KdsPeer; readonly reason: string }
  | { readonly kind: "streamOpened"; readonly peer: KdsPeer; readonly stream: KdsStreamKind }
  | {
      readonly kind: "streamClosed";
      readonly peer: KdsPeer;
      readonly stream: KdsStreamKind;
      readonly code: string;
      readonly message: string;
    }
  /** A call that was refused before it became a stream; `reason` is the text that the peer got. */
  | { readonly kind: "refused"; readonly zone: string; readonly stream: KdsStreamKind; readonly reason: string }
  /** Two instances claim one zone name: the newer was served, or (`refused`) the name is in dispute. */
  | { readonly kind: "zoneNameConflict"; readonly zone: string; readonly outcome: "replaced" | "refused" }
  /** One response sent: type and size in bytes of the message. */
  | {
      readonly kind: "sent";
      readonly zone: string;
      readonly type: string;
      readonly bytes: number;
      readonly resources: number;
      readonly removals: number;
      /** Time to build and encode it, ms. */
      readonly durationMs: number;
    }
  | { readonly kind: "received"; readonly zone: string; readonly type: string; readonly bytes: number }
  | { readonly kind: "sender"; readonly zone: string; readonly note: SenderNote }
  | { readonly kind: "receiver"; readonly zone: string; readonly note: ReceiverNote }
  /** A stream that made no progress was ended so that it starts over. */
  | { readonly kind: "recycled"; readonly zone: string; readonly stream: KdsStreamKind; readonly reason: string }
  /** An error that no peer may cause: a defect of this program. The call it belonged to has been ended. */
  | { readonly kind: "defect"; readonly path: string; readonly error: unknown }
  /** Bytes that are no message of the stream. */
  | { readonly kind: "garbage"; readonly zone: string; readonly stream: KdsStreamKind; readonly reason: string };

export type OnKdsEvent = (event: KdsEvent) => void;
