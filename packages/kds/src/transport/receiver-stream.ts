/**
 * Runs a receiver session on a stream: responses in, requests and acknowledgements out. On a zone one towards its global
 * (GlobalToZoneSync), on a global one per zone (ZoneToGlobalSync).
 */
import { GrpcCode } from "@isthmus/grpc-kit";
import type { Registry, ValidationContext } from "@isthmus/resources";
import { type Clock, errorMessage, type TimerHandle } from "@isthmus/std";
import type { BatchApplier, OpenApplier } from "../apply/batch-applier.ts";
import type { HoldsChanged } from "../guard/hold.ts";
import type { ReceivedBatch } from "../session/received-resource.ts";
import {
  createReceiver,
  type ReceiverEffect,
  type ReceiverEvent,
  type ReceiverState,
  stepReceiver,
} from "../session/receiver.ts";
import { type NodeIdentity, nodeMetadata } from "../wire/node.ts";
import { encodeAck, encodeNack, encodeSubscribe } from "../wire/request.ts";
import { readResponse } from "../wire/response.ts";
import type { OnKdsEvent } from "./kds-events.ts";
import type { SyncStreamKind } from "./kds-methods.ts";
import type { Extensions } from "./peer-headers.ts";
import type { StreamPort } from "./stream-port.ts";

/**
 * Received bytes that are being applied or wait for it at which reading stops. More than all types whose first responses
 * wait for those of the others (trust material) can hold together, or both would wait.
 */
const UNAPPLIED_BYTES_MAX = 64 * 1024 * 1024;

/** Where holds change outside of a batch. */
export interface HoldsFeed {
  subscribe(listener: (change: HoldsChanged) => void): () => void;
}

export interface ReceiverStreamOptions {
  readonly zone: string;
  readonly stream: SyncStreamKind;
  readonly types: readonly string[];
  /** Subscribed alone at first. */
  readonly firstType?: string;
  readonly registry: Registry;
  /** Which side validates. */
  readonly mode: ValidationContext["mode"];
  readonly node: NodeIdentity;
  readonly openApplier: OpenApplier;
  readonly holds: HoldsFeed | undefined;
  /** What is known of the peer at the opening of the stream; `introduce` tells more. */
  readonly peer: Extensions;
  readonly clock: Clock;
  readonly onEvent: OnKdsEvent;
  /** Each response that could be read. */
  readonly onResponse: () => void;
}

export class ReceiverStream {
  readonly state: ReceiverState;
  readonly #options: ReceiverStreamOptions;
  readonly #port: StreamPort;
  readonly #unsubscribe: (() => void) | undefined;
  readonly #applying = new Set<Promise<void>>();
  readonly #unappliedBytes = new Map<string, number>();
  #peer: Extensions;
  #applier: BatchApplier | undefined;
  #wait: TimerHandle | undefined;
  #isPaused = false;

  constructor(options: ReceiverStreamOptions, port: StreamPort) {
    const { zone, peer, clock, holds } = options;
    this.#options = options;
    this.#port = port;
    this.#peer = peer;
    this.state = createReceiver({ zone, takesHolds: peer.tellsHolds, openedAt: clock.now() });
    this.#unsubscribe = holds?.subscribe((change) => {
      if (change.zone === zone) this.#step({ kind: "held", type: change.type, holds: change.holds });
    });
    port.writer.onDrained(() => this.#balance());
  }

  /** Subscribes. */
  open(): void {
    const { types, firstType } = this.#options;
    this.#step({ kind: "opened", types, ...(firstType === undefined ? {} : { firstType }) });
  }

  /** The peer's headers; they come before its first message. */
  introduce(peer: Extensions): void {
    this.#peer = peer;
    this.#step({ kind: "introduced", takesHolds: peer.tellsHolds });
  }

  message(bytes: Buffer): void {
    const { zone, stream, registry, mode, onEvent, onResponse } = this.#options;
    const read = readResponse(bytes, { registry, mode });
    if (!read.ok) {
      onEvent({ kind: "garbage", zone, stream, reason: read.error });
      const details = `message is no DeltaDiscoveryResponse: ${read.error}`;
      return this.#port.end({ code: GrpcCode.INVALID_ARGUMENT, details });
    }
    onResponse();
    const { type, nonce } = read.value;
    onEvent({ kind: "received", zone, type, bytes: bytes.byteLength });
    this.#unappliedBytes.set(batchKey(type, nonce), bytes.byteLength);
    this.#step({ kind: "response", ...read.value });
    this.#balance();
  }

  /** The stream is over, whoever ended it. Batches that are being committed run to their end, see `settled`. */
  closed(): void {
    this.#step({ kind: "closed" });
    this.#wait?.cancel();
    this.#unsubscribe?.();
    this.#applier?.close();
    this.#unappliedBytes.clear();
  }

  /** Resolves when nothing is being committed any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#applying);
  }

  /** Also called from timers and promises, where an exception would end the process. */
  #step(event: ReceiverEvent): void {
    const { stream, clock, onEvent } = this.#options;
    try {
      for (const effect of stepReceiver(this.state, event, { now: clock.now() })) this.#perform(effect);
    } catch (error) {
      onEvent({ kind: "defect", path: stream, error });
      this.#port.end({ code: GrpcCode.INTERNAL, details: "stream failed" });
    }
  }

  #perform(effect: ReceiverEffect): void {
    const { zone, node, clock, onEvent } = this.#options;
    switch (effect.kind) {
      case "subscribe":
        return this.#write(encodeSubscribe(zone, nodeMetadata(node), effect.type));
      case "wait":
        this.#wait = clock.setTimeout(() => this.#step({ kind: "waited" }), effect.ms);
        return;
      case "apply":
        return this.#apply(effect.batch);
      case "ack":
        this.#answered(effect);
        return this.#write(encodeAck(zone, effect));
      case "nack":
        this.#answered(effect);
        return this.#write(encodeNack(zone, effect));
      case "endStream":
        return this.#port.end({ code: GrpcCode[effect.code], details: effect.message });
      case "note":
        onEvent({ kind: "receiver", zone, note: effect });
    }
  }

  #apply(batch: ReceivedBatch): void {
    const { zone, openApplier } = this.#options;
    this.#applier ??= openApplier({ zone, historyId: this.#peer.historyId });
    const done = this.#commit(batch, this.#applier).finally(() => this.#applying.delete(done));
    this.#applying.add(done);
  }

  async #commit(batch: ReceivedBatch, applier: BatchApplier): Promise<void> {
    const { type, nonce } = batch;
    let event: ReceiverEvent;
    try {
      event = { kind: "applied", type, nonce, outcome: await applier.apply(batch) };
    } catch (error) {
      event = { kind: "storeFailed", type, nonce, reason: errorMessage(error) };
    }
    this.#step(event);
    this.#balance();
  }

  #write(bytes: Uint8Array): void {
    this.#port.writer.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  #answered({ type, nonce }: { readonly type: string; readonly nonce: string }): void {
    this.#unappliedBytes.delete(batchKey(type, nonce));
  }

  /** Reads only while the store keeps up and the peer takes its acknowledgements: memory stays bounded. */
  #balance(): void {
    if (this.#port.isClosed) return;
    let bytes = 0;
    for (const size of this.#unappliedBytes.values()) bytes += size;
    const isFull = bytes >= UNAPPLIED_BYTES_MAX || this.#port.writer.isBlocked;
    if (isFull === this.#isPaused) return;
    this.#isPaused = isFull;
    if (isFull) this.#port.pause();
    else this.#port.resume();
  }
}

function batchKey(type: string, nonce: string): string {
  return `${type} ${nonce}`;
}
