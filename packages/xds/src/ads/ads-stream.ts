/**
 * Runs the session of one admitted proxy on its stream: requests in, responses out. All decisions are the session's; here are
 * bytes, time and back-pressure.
 */
import { GrpcCode, type ServerStream } from "@isthmus/grpc-kit";
import type { Clock, TimerHandle } from "@isthmus/std";
import type { ResourcePool } from "../content/resource-pool.ts";
import type { ConnectedProxy, FollowedProxy, ProxySnapshot, SnapshotSource } from "../proxy-snapshot.ts";
import { createAds, stepAds } from "../session/ads-session.ts";
import type { AdsEffect, AdsEvent, AdsRequest, AdsSend, AdsState, AdsVariant } from "../session/ads-state.ts";
import { adsResponse, resourceCount } from "../wire/ads-message.ts";
import type { OnXdsEvent } from "../xds-events.ts";
import type { PushQueue } from "./push-queue.ts";

/** Without an acknowledgement for this long, although a response is in flight, a stream is started over. */
export const STUCK_AFTER_MS = 90_000;

export interface AdsStreamOptions {
  readonly variant: AdsVariant;
  readonly proxy: ConnectedProxy;
  readonly pool: ResourcePool;
  readonly source: SnapshotSource;
  readonly pushes: PushQueue<AdsStream, ProxySnapshot>;
  /** `control_plane.identifier`: id of this instance. */
  readonly controlPlane: string;
  readonly nackBackoffMs: number;
  readonly clock: Clock;
  readonly onEvent: OnXdsEvent;
}

export class AdsStream {
  readonly proxy: ConnectedProxy;
  readonly state: AdsState;
  readonly #options: AdsStreamOptions;
  readonly #stream: ServerStream;
  readonly #followed: FollowedProxy;
  #wake: TimerHandle | undefined;
  #watch: TimerHandle | undefined;
  #lastAckAt: number;
  #isOver = false;

  constructor(options: AdsStreamOptions, stream: ServerStream) {
    const { variant, pool, nackBackoffMs, clock, proxy, source, pushes } = options;
    this.#options = options;
    this.#stream = stream;
    this.proxy = proxy;
    this.#lastAckAt = clock.now();
    this.state = createAds({ variant, pool, nackBackoffMs, openedAt: clock.now() });
    stream.writer.onDrained(() => this.#step({ kind: "drained" }));
    this.#followed = source.follow(proxy, (snapshot) => {
      if (!this.#isOver) pushes.push(this, snapshot);
    });
  }

  request(request: AdsRequest): void {
    this.#step({ kind: "request", ...request });
  }

  snapshot(snapshot: ProxySnapshot): void {
    this.#step({ kind: "snapshot", snapshot });
  }

  /** Ends the stream; `closed` follows. */
  end(code: "ABORTED" | "UNAVAILABLE", details: string): void {
    this.#stream.end({ code: GrpcCode[code], details });
  }

  /** The stream is over, whoever ended it. */
  closed(): void {
    this.#isOver = true;
    this.#step({ kind: "closed" });
    this.#wake?.cancel();
    this.#watch?.cancel();
    this.#options.pushes.remove(this);
    this.#followed.stop();
  }

  /** Also called from timers and pushes, where an exception would harm others. */
  #step(event: AdsEvent): void {
    const { clock, onEvent } = this.#options;
    try {
      for (const effect of stepAds(this.state, event, { now: clock.now() })) this.#perform(effect);
    } catch (error) {
      onEvent({ kind: "defect", where: `ADS stream of ${this.proxy.id.mesh}.${this.proxy.id.name}`, error });
      this.#stream.end({ code: GrpcCode.INTERNAL, details: "stream failed" });
    }
  }

  #perform(effect: AdsEffect): void {
    const { proxy, clock, onEvent } = this.#options;
    switch (effect.kind) {
      case "send":
        return this.#send(effect);
      case "wakeAt":
        this.#wake?.cancel();
        this.#wake = clock.setTimeout(() => this.#step({ kind: "woken" }), Math.max(0, effect.at - clock.now()));
        return;
      case "endStream":
        return this.#stream.end({ code: GrpcCode[effect.code], details: effect.message });
      case "note":
        if (effect.note === "acked" || effect.note === "nacked") this.#lastAckAt = clock.now();
        onEvent({ kind: "ads", proxy, note: effect });
    }
  }

  #send(send: AdsSend): void {
    const { variant, controlPlane, proxy, onEvent } = this.#options;
    const message = adsResponse(send, variant, controlPlane);
    const isFree = this.#stream.writer.write(message);
    onEvent({
      kind: "sent",
      proxy,
      typeUrl: send.typeUrl,
      bytes: message.byteLength,
      resources: resourceCount(send),
      removals: send.content.form === "part" ? send.content.removals.length : 0,
    });
    if (!isFree && !this.#stream.isClosed) this.#step({ kind: "blocked" });
    this.#watchProgress();
  }

  /** Set only while a response is in flight: an idle stream costs nothing. */
  #watchProgress(): void {
    if (this.#watch !== undefined || this.#isOver) return;
    this.#watch = this.#options.clock.setTimeout(() => {
      this.#watch = undefined;
      this.#recycleIfStuck();
    }, STUCK_AFTER_MS);
  }

  #recycleIfStuck(): void {
    const { clock, onEvent, proxy } = this.#options;
    const sentAt = Math.min(
      ...[...this.state.types.values()].map(({ flight }) => flight?.sentAt ?? Number.POSITIVE_INFINITY),
    );
    if (this.#isOver || sentAt === Number.POSITIVE_INFINITY) return;
    const idleMs = clock.now() - Math.max(sentAt, this.#lastAckAt);
    if (idleMs < STUCK_AFTER_MS) return this.#watchProgress();
    const reason = `nothing acknowledged for ${Math.round(idleMs / 1000)} s`;
    onEvent({ kind: "recycled", proxy, reason });
    this.end("ABORTED", reason);
  }
}
