/** One connection of one zone on a global: its streams, what they told of the zone, and their common end. */
import { describeStatus, GrpcCode, type GrpcStatus, type PeerCertificate } from "@isthmus/grpc-kit";
import type { Clock } from "@isthmus/std";
import type { OnKdsEvent } from "./kds-events.ts";
import type { SyncStreamKind } from "./kds-methods.ts";
import type { ZoneHeaders } from "./peer-headers.ts";
import { PeerIdentity } from "./peer-identity.ts";
import type { PeerStatus } from "./peer-status.ts";
import type { ReceiverStream } from "./receiver-stream.ts";
import type { SenderStream } from "./sender-stream.ts";
import type { StreamPort } from "./stream-port.ts";
import type { ZoneCredentials } from "./zone-gate.ts";

export interface ZoneLinkOptions {
  readonly zone: string;
  /** Grows with each connection of the process. */
  readonly connectionId: number;
  /** `host:port` of the zone's end. */
  readonly address: string;
  readonly headers: ZoneHeaders;
  readonly certificate: PeerCertificate | undefined;
  /** When an earlier connection of the zone ended. */
  readonly lastSeenAt: number | undefined;
  readonly clock: Clock;
  readonly onEvent: OnKdsEvent;
  /** The last stream is gone. */
  readonly onGone: (link: ZoneLink) => void;
}

export class ZoneLink {
  readonly zone: string;
  readonly connectionId: number;
  readonly address: string;
  readonly headers: ZoneHeaders;
  /** What proves that it is the zone. */
  readonly credentials: ZoneCredentials;
  readonly identity: PeerIdentity;
  sender: SenderStream | undefined;
  receiver: ReceiverStream | undefined;
  /** Whether the zone is served; the answer to the first stream holds for the others. */
  admission: Promise<GrpcStatus | undefined> | undefined;
  lastPingAt: number | undefined;
  lastOpenedAt: number;
  endHealthWatch: (() => void) | undefined;
  endProofWatch: (() => void) | undefined;
  readonly #options: ZoneLinkOptions;
  readonly #ports = new Map<SyncStreamKind, StreamPort>();
  #isGone = false;
  #lastSeenAt: number | undefined;

  constructor(options: ZoneLinkOptions) {
    const { zone, connectionId, address, headers, clock, onEvent } = options;
    this.#options = options;
    this.zone = zone;
    this.connectionId = connectionId;
    this.address = address;
    this.headers = headers;
    this.credentials = { zone, authorization: headers.authorization, certificate: options.certificate };
    const connectedAt = clock.now();
    this.#lastSeenAt = options.lastSeenAt;
    this.lastOpenedAt = connectedAt;
    this.identity = new PeerIdentity(
      {
        zone,
        connection: connectionId,
        address,
        isIsthmus: headers.isIsthmus,
        authTokenProvided: headers.authorization !== undefined,
        connectedAt,
      },
      onEvent,
    );
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** Of two streams of one kind the newer counts: the zone started over without closing its connection. */
  opened(kind: SyncStreamKind, port: StreamPort): void {
    const older = this.#ports.get(kind);
    this.#ports.set(kind, port);
    this.lastOpenedAt = this.#options.clock.now();
    older?.end({ code: GrpcCode.CANCELLED, details: `replaced by a newer ${kind} stream of the same connection` });
  }

  closed(kind: SyncStreamKind, port: StreamPort, status: GrpcStatus): void {
    if (this.#ports.get(kind) !== port) return;
    this.#ports.delete(kind);
    if (this.#ports.size === 0) this.#gone(describeStatus(status));
  }

  /** Ends all streams; afterwards the link is gone. */
  end(status: GrpcStatus): void {
    const ports = [...this.#ports.values()];
    this.#ports.clear();
    for (const port of ports) port.end(status);
    this.#gone(describeStatus(status));
  }

  status(): PeerStatus {
    const { zone, sender, receiver, lastPingAt } = this;
    const isOnline = this.identity.isConnected && !this.#isGone;
    return {
      zone,
      isOnline,
      peer: this.identity.peer,
      lastSeenAt: isOnline ? this.#options.clock.now() : this.#lastSeenAt,
      lastPingAt,
      sender: isOnline ? sender?.state : undefined,
      receiver: isOnline ? receiver?.state : undefined,
    };
  }

  #gone(reason: string): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.endHealthWatch?.();
    this.endProofWatch?.();
    if (this.identity.isConnected) this.#lastSeenAt = this.#options.clock.now();
    this.identity.left(reason);
    this.#options.onGone(this);
  }
}
