/** Joins the two sync streams of a zone with their sessions, on a global. */
import type { ServerStream } from "@isthmus/grpc-kit";
import { FEATURE_HASH_SUFFIX } from "../mapping/features.ts";
import type { FanOut } from "./fan-out.ts";
import type { GlobalKdsServerOptions } from "./global-kds-options.ts";
import { LoadPacer } from "./load-pacer.ts";
import { ReceiverStream } from "./receiver-stream.ts";
import { SenderStream, type StuckPolicy } from "./sender-stream.ts";
import type { ZoneLink } from "./zone-link.ts";

export interface ZoneSessionsOptions extends GlobalKdsServerOptions {
  readonly fanOut: FanOut;
  readonly stuck: StuckPolicy;
  readonly maxMessageBytes: number;
}

/** What the shell of a stream does with its events. */
export interface StreamSession {
  /** Called once, when messages are about to be read. */
  open(): void;
  message(bytes: Buffer): void;
  closed(): void;
}

export class ZoneSessions {
  readonly #options: ZoneSessionsOptions;
  readonly #types: readonly string[];
  readonly #pacer: LoadPacer;
  readonly #receivers = new Set<ReceiverStream>();

  constructor(options: ZoneSessionsOptions) {
    this.#options = options;
    this.#pacer = new LoadPacer({ clock: options.clock });
    this.#types = options.registry.towardsGlobal().map((type) => type.name);
  }

  /** GlobalToZoneSync. */
  sender(stream: ServerStream, link: ZoneLink): StreamSession {
    const { outbox, fanOut, maxMessageBytes, clock, stuck, onEvent } = this.#options;
    const sender = new SenderStream(
      {
        zone: link.zone,
        stream: "GlobalToZoneSync",
        outbox,
        fanOut,
        pacer: this.#pacer,
        controlPlane: "global",
        features: link.headers.hasHashedNames ? FEATURE_HASH_SUFFIX : 0,
        peer: link.headers,
        maxMessageBytes,
        clock,
        stuck,
        onEvent,
        onRequest: (request) => link.identity.spoke(request),
      },
      stream,
    );
    link.sender = sender;
    return {
      open: () => {},
      message: (bytes) => sender.message(bytes),
      closed: () => {
        sender.closed();
        if (link.sender === sender) link.sender = undefined;
      },
    };
  }

  /** ZoneToGlobalSync: the zone, though it opened the stream, is the one that answers. */
  receiver(stream: ServerStream, link: ZoneLink): StreamSession {
    const { registry, openApplier, holds, node, clock, onEvent } = this.#options;
    const receiver = new ReceiverStream(
      {
        zone: link.zone,
        stream: "ZoneToGlobalSync",
        types: this.#types,
        registry,
        mode: "global",
        // Kuma's global, too, puts the zone's name into the node, and tells nothing of its configuration.
        node: { ...node, zone: link.zone, config: "" },
        openApplier,
        holds,
        peer: link.headers,
        clock,
        onEvent,
        onResponse: () => link.identity.spoke(),
      },
      stream,
    );
    link.receiver = receiver;
    this.#receivers.add(receiver);
    return {
      open: () => receiver.open(),
      message: (bytes) => receiver.message(bytes),
      closed: () => {
        receiver.closed();
        if (link.receiver === receiver) link.receiver = undefined;
        void receiver.settled().then(() => this.#receivers.delete(receiver));
      },
    };
  }

  /** Resolves when nothing that zones sent is being committed any more. */
  async settled(): Promise<void> {
    await Promise.all([...this.#receivers].map((receiver) => receiver.settled()));
  }
}
