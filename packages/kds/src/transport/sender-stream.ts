/**
 * Runs a sender session on a stream: requests in, responses out. On a global one per zone (GlobalToZoneSync), on a zone
 * one towards its global (ZoneToGlobalSync). All decisions are the session's; here are bytes, time and back-pressure.
 */
import { GrpcCode } from "@isthmus/grpc-kit";
import type { Clock, TimerHandle } from "@isthmus/std";
import type { Outbox, OutboxChange } from "../feed/outbox.ts";
import type { FeatureSet } from "../mapping/features.ts";
import {
  createSender,
  lowestCursor,
  type SenderContext,
  type SenderEffect,
  type SenderEvent,
  type SenderState,
  stepSender,
  TYPES_MAX,
} from "../session/sender.ts";
import { type ReceivedRequest, readRequest } from "../wire/request.ts";
import { responseMessage } from "../wire/response.ts";
import type { FanOut } from "./fan-out.ts";
import type { KdsEvent, OnKdsEvent } from "./kds-events.ts";
import type { SyncStreamKind } from "./kds-methods.ts";
import type { LoadPacer } from "./load-pacer.ts";
import type { Extensions } from "./peer-headers.ts";
import type { StreamPort } from "./stream-port.ts";

/** Without an acknowledgement for this long, although a response is in flight, a stream is started over. */
export const STUCK_AFTER_MS = 90_000;

export interface SenderStreamOptions {
  readonly zone: string;
  readonly stream: SyncStreamKind;
  readonly outbox: Outbox;
  readonly fanOut: FanOut;
  /** Shared by the streams of a global; a zone has but one. */
  readonly pacer?: LoadPacer;
  /** `control_plane.identifier`: `global` or the zone name. */
  readonly controlPlane: string;
  /** Assumed of a peer whose first request carries no node metadata. */
  readonly features: FeatureSet;
  readonly peer: Extensions;
  readonly maxMessageBytes: number;
  readonly clock: Clock;
  readonly stuck: StuckPolicy;
  readonly onEvent: OnKdsEvent;
  /** Each request that could be read. */
  readonly onRequest: (request: ReceivedRequest) => void;
}

/** When a stream without progress is given up. */
export interface StuckPolicy {
  /** How long from now a stream that waits for an acknowledgement is looked at again. */
  delayMs(): number;
  /** Whether the stream is ended now; a policy may spare it for the sake of the others. */
  mayRecycle(idleMs: number): boolean;
}

export class SenderStream {
  readonly state: SenderState;
  readonly #options: SenderStreamOptions;
  readonly #port: StreamPort;
  readonly #context: Omit<SenderContext, "now">;
  readonly #release: readonly (() => void)[];
  #watch: TimerHandle | undefined;
  /** First requests that wait for their turn. */
  #waiting = 0;

  constructor(options: SenderStreamOptions, port: StreamPort) {
    const { zone, outbox, features, peer, maxMessageBytes, clock } = options;
    this.#options = options;
    this.#port = port;
    this.#context = { outboxFor: (set) => outbox.view(set), maxMessageBytes };
    const { takesIntents } = peer;
    this.state = createSender({ zone, features, takesIntents, openedAt: clock.now() });
    this.#release = [
      outbox.register((type) => lowestCursor(this.state, type)),
      options.fanOut.add((change) => this.#changed(change)),
    ];
    port.writer.onDrained(() => {
      this.#step({ kind: "drained" });
      if (!port.writer.isBlocked) options.pacer?.drained(this);
    });
  }

  message(bytes: Buffer): void {
    const { zone, stream, peer, onEvent } = this.#options;
    const read = readRequest(bytes, peer.tellsHolds);
    if (!read.ok) {
      onEvent({ kind: "garbage", zone, stream, reason: read.error });
      const details = `message is no DeltaDiscoveryRequest: ${read.error}`;
      return this.#port.end({ code: GrpcCode.INVALID_ARGUMENT, details });
    }
    this.#options.onRequest(read.value);
    const { request } = read.value;
    const { pacer } = this.#options;
    // More than there can be types is a flood, which the session knows how to end.
    if (pacer === undefined || this.state.types.has(request.type) || this.#waiting > TYPES_MAX) {
      return this.#step({ kind: "request", ...request });
    }
    this.#waiting += 1;
    pacer.enter(this, () => {
      this.#waiting -= 1;
      this.#step({ kind: "request", ...request });
    });
  }

  /** The stream is over, whoever ended it. */
  closed(): void {
    stepSender(this.state, { kind: "closed" }, { ...this.#context, now: this.#options.clock.now() });
    this.#watch?.cancel();
    this.#watch = undefined;
    this.#options.pacer?.ended(this);
    for (const release of this.#release) release();
  }

  /** Type by type, so that a stream that blocks on the first is not given the others as well. */
  #changed(change: OutboxChange): void {
    for (const type of change.types) this.#step({ kind: "changed", ...change, types: new Set([type]) });
  }

  /** Also called from timers and commits, where an exception would harm others. */
  #step(event: SenderEvent): void {
    const { stream, clock, onEvent } = this.#options;
    try {
      let startedAt = clock.monotonic();
      for (const effect of stepSender(this.state, event, { ...this.#context, now: clock.now() })) {
        this.#perform(effect, startedAt);
        startedAt = clock.monotonic();
      }
    } catch (error) {
      onEvent({ kind: "defect", path: stream, error });
      this.#port.end({ code: GrpcCode.INTERNAL, details: "stream failed" });
    }
  }

  #perform(effect: SenderEffect, startedAt: number): void {
    const { zone, onEvent } = this.#options;
    switch (effect.kind) {
      case "send":
        return this.#send(effect, startedAt);
      case "endStream":
        return this.#port.end({ code: GrpcCode[effect.code], details: effect.message });
      case "note":
        onEvent({ kind: "sender", zone, note: effect });
    }
  }

  #send(send: Extract<SenderEffect, { kind: "send" }>, startedAt: number): void {
    const { zone, controlPlane, clock, onEvent } = this.#options;
    const message = responseMessage(send, controlPlane);
    const isFree = this.#port.writer.write(message);
    const sent: KdsEvent = {
      kind: "sent",
      zone,
      type: send.type,
      bytes: message.byteLength,
      resources: send.upserts.length,
      removals: send.removals.length,
      durationMs: clock.monotonic() - startedAt,
    };
    onEvent(sent);
    if (!isFree && !this.#port.isClosed) {
      this.#options.pacer?.blocked(this, this.#port.writer.pendingBytes);
      this.#step({ kind: "blocked" });
    }
    this.#watchProgress();
  }

  /** Set only while a response is in flight: an idle stream costs nothing. */
  #watchProgress(): void {
    if (this.#watch !== undefined || this.#port.isClosed) return;
    this.#watch = this.#options.clock.setTimeout(() => {
      this.#watch = undefined;
      this.#recycleIfStuck();
    }, this.#options.stuck.delayMs());
  }

  #recycleIfStuck(): void {
    const { zone, stream, clock, stuck, onEvent } = this.#options;
    const flightSince = oldestFlight(this.state);
    if (flightSince === undefined || this.#port.isClosed) return;
    const idleMs = clock.now() - Math.max(flightSince, this.state.lastProgressAt);
    if (!stuck.mayRecycle(idleMs)) return this.#watchProgress();
    const reason = `nothing acknowledged for ${Math.round(idleMs / 1000)} s`;
    onEvent({ kind: "recycled", zone, stream, reason });
    this.#port.end({ code: GrpcCode.ABORTED, details: reason });
  }
}

function oldestFlight(state: SenderState): number | undefined {
  let oldest: number | undefined;
  for (const { flight } of state.types.awake()) {
    if (flight !== undefined && (oldest === undefined || flight.sentAt < oldest)) oldest = flight.sentAt;
  }
  return oldest;
}
