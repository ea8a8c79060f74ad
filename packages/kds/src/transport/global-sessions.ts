/** Joins the two sync streams of a zone with their sessions, on the zone. */
import { ALL_FEATURES } from "../mapping/features.ts";
import type { FanOut } from "./fan-out.ts";
import { type Extensions, NO_EXTENSIONS } from "./peer-headers.ts";
import type { PeerIdentity } from "./peer-identity.ts";
import { ReceiverStream } from "./receiver-stream.ts";
import { SenderStream, type StuckPolicy } from "./sender-stream.ts";
import type { StreamPort } from "./stream-port.ts";
import type { ZoneKdsClientOptions } from "./zone-kds-options.ts";

/** Subscribed first: it tells whether the global still is the one whose resources the zone holds. */
const FIRST_TYPE = "Config";

export interface GlobalSessionsOptions extends ZoneKdsClientOptions {
  readonly fanOut: FanOut;
  readonly stuck: StuckPolicy;
  readonly maxMessageBytes: number;
  readonly identity: PeerIdentity;
}

/** What the shell of a stream does with its events. */
export interface SyncSession {
  /** The stream is there; messages come later. */
  open(port: StreamPort): void;
  /** The global's headers, before its first message. */
  headers(peer: Extensions): void;
  message(bytes: Buffer): void;
  closed(): void;
}

export class GlobalSessions {
  readonly #options: GlobalSessionsOptions;
  readonly #types: readonly string[];
  #sender: SenderStream | undefined;
  #receiver: ReceiverStream | undefined;

  constructor(options: GlobalSessionsOptions) {
    this.#options = options;
    this.#types = options.registry.towardsZones().map((type) => type.name);
  }

  get sender(): SenderStream | undefined {
    return this.#sender;
  }

  get receiver(): ReceiverStream | undefined {
    return this.#receiver;
  }

  /** Resolves when nothing that the global sent is being committed any more. */
  async settled(): Promise<void> {
    await this.#receiver?.settled();
  }

  /** GlobalToZoneSync. */
  receiving(): SyncSession {
    return {
      open: (port) => {
        this.#receiver = this.#newReceiver(port);
        this.#receiver.open();
      },
      headers: (peer) => this.#receiver?.introduce(peer),
      message: (bytes) => this.#receiver?.message(bytes),
      closed: () => this.#receiver?.closed(),
    };
  }

  /** ZoneToGlobalSync. The session begins with the global's first request, when its headers are known. */
  sending(): SyncSession {
    let peer = NO_EXTENSIONS;
    let port: StreamPort | undefined;
    return {
      open: (opened) => {
        port = opened;
      },
      headers: (extensions) => {
        peer = extensions;
      },
      message: (bytes) => {
        if (port === undefined) return;
        this.#sender ??= this.#newSender(port, peer);
        this.#sender.message(bytes);
      },
      closed: () => this.#sender?.closed(),
    };
  }

  #newReceiver(port: StreamPort): ReceiverStream {
    const { node, registry, openApplier, holds, clock, onEvent, identity } = this.#options;
    return new ReceiverStream(
      {
        zone: node.zone,
        stream: "GlobalToZoneSync",
        types: this.#types,
        firstType: FIRST_TYPE,
        registry,
        mode: "zone",
        node,
        openApplier,
        holds,
        peer: NO_EXTENSIONS,
        clock,
        onEvent,
        onResponse: () => identity.spoke(),
      },
      port,
    );
  }

  #newSender(port: StreamPort, peer: Extensions): SenderStream {
    const { node, outbox, fanOut, maxMessageBytes, clock, stuck, onEvent, identity } = this.#options;
    return new SenderStream(
      {
        zone: node.zone,
        stream: "ZoneToGlobalSync",
        outbox,
        fanOut,
        controlPlane: node.zone,
        features: ALL_FEATURES,
        peer,
        maxMessageBytes,
        clock,
        stuck,
        onEvent,
        onRequest: (request) => identity.spoke(request),
      },
      port,
    );
  }
}
