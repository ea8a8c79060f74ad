/**
 * Keeps the ZoneInsight of every zone in step with the sync: who is connected since when, and how many responses went
 * and came back.
 *
 * Kuma writes a connection up to ten seconds after it was made, so that within them a connected zone looks absent and
 * can be deleted. Here coming and going are written at once, together with the Zone when it is missing; counters, which
 * change with every response, are collected and written every `flushMs` at the most. Nothing ticks while nothing
 * changes. What cannot be written stays in memory and is tried again with the next flush: no event is ever refused.
 */
import { randomUUID } from "node:crypto";
import { isOpenSubscription, type Registry, type ResourceKey } from "@isthmus/resources";
import type { Clock, JsonObject, Service, TimerHandle } from "@isthmus/std";
import { assertNever } from "@isthmus/std";
import { isOvertaken, type Op, type Store, StoreError } from "@isthmus/store";
import { type Observer, type Outcome, Subscription } from "./subscription.ts";
import { closeSubscriptions, subscriptionsOf } from "./subscription-list.ts";
import type { ZoneEvent, ZonePeer, ZoneStream } from "./zone-event.ts";
import { updateInsight } from "./zone-insight.ts";
import { ZoneRecord } from "./zone-record.ts";

/** `multizone.global.kds.zoneInsightFlushInterval` */
export const FLUSH_MS = 10_000;
/** `metrics.zone.subscriptionLimit` */
export const SUBSCRIPTION_LIMIT = 10;

export interface ZoneInsightsOptions {
  readonly store: Store;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly instanceId: string;
  /** Of this control plane, compared with that of the peers. */
  readonly version: string;
  /** On a zone the one insight is its own, about its uploads. Default: global. */
  readonly role?: "global" | "zone";
  readonly flushMs?: number;
  readonly subscriptionLimit?: number;
  /**
   * `metrics.zone.compactFinishedSubscriptions`, but on by default: without it every write carries ten configurations.
   */
  readonly compactFinished?: boolean;
  /** Other instances on the same store. Left out: there are none. */
  readonly isInstanceAlive?: (instanceId: string) => boolean;
  /** Ids of subscriptions. Default: random UUIDs. */
  readonly newId?: () => string;
  /** What could not be written and is tried again later. `zone` is "" for the closing at start, which concerns several. */
  readonly onError?: (error: unknown, zone: string) => void;
}

const ATTEMPTS_MAX = 5;
/** For so long a ping waits for the connection of a zone that nobody knows yet: both are on their way at the same time. */
const PING_WAITS_MS = 30_000;

export class ZoneInsights implements Service {
  readonly name = "zone-insights";
  readonly #options: ZoneInsightsOptions;
  readonly #observer: Observer;
  readonly #records = new Map<string, ZoneRecord>();
  #timer: TimerHandle | undefined;
  #flushing: Promise<void> | undefined;
  #hasDead = false;
  #isStopped = false;

  constructor(options: ZoneInsightsOptions) {
    this.#options = options;
    const { role = "global", instanceId, version, registry } = options;
    // A peer may ask for types by any name.
    const types = registry
      .all()
      .map(({ name }) => name)
      .sort();
    this.#observer = { role, instanceId, version, types };
  }

  /** Closes what an instance that died left open. */
  async start(): Promise<void> {
    this.#hasDead = true;
    await this.#closeDead();
  }

  /** Writes everything, all connections closed; call it when the streams have ended. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#timer?.cancel();
    const now = this.#options.clock.now();
    for (const record of this.#records.values()) {
      if (record.current !== undefined) record.isDirty = true;
      record.closeAll(now);
    }
    // One that is going on may have passed a zone already.
    await this.#flushing;
    await this.flush();
  }

  /** Never throws. */
  onEvent(event: ZoneEvent): void {
    if (this.#isStopped) return;
    switch (event.kind) {
      case "connected":
        this.#onConnected(event.peer);
        return;
      case "disconnected":
        this.#onDisconnected(event.peer);
        return;
      case "identified":
        this.#onIdentified(event.peer);
        return;
      case "pinged":
        this.#onPinged(event.zone, event.at);
        return;
      case "streamOpened":
        this.#onStreamOpened(event.peer.zone, event.stream);
        return;
      case "streamClosed":
        this.#onStreamClosed(event.peer.zone);
        return;
      case "sent":
        this.#count(event.zone, event.type, "responsesSent");
        return;
      case "sender":
        if (event.note.note === "acked") this.#count(event.zone, event.note.type, "responsesAcknowledged");
        else if (event.note.note === "nacked") this.#count(event.zone, event.note.type, "responsesRejected");
        return;
      case "refused":
      case "zoneNameConflict":
      case "received":
      case "receiver":
      case "recycled":
      case "retrying":
      case "defect":
      case "garbage":
        return;
      default:
        assertNever(event);
    }
  }

  /** A control plane of that zone is connected, here or to another living instance. */
  isOnline(zone: string): boolean {
    if (this.#records.get(zone)?.isOnline === true) return true;
    const insight = this.#options.store.get(insightKey(zone));
    return (
      insight !== undefined &&
      subscriptionsOf(insight.spec).some((each) => isOpenSubscription(each) && this.#isOfOtherLivingInstance(each))
    );
  }

  /**
   * Resolves when the Zone is there, made as Kuma makes it when it is not. For the sync, which must not store what a zone
   * sends before there is a Zone to own it.
   * @throws {StoreError} when the store fails
   */
  async ensureZone(zone: string): Promise<void> {
    if (this.#options.store.get(zoneKey(zone)) !== undefined) return;
    try {
      await this.#options.store.commit([this.#zoneOp(zone)]);
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== "ALREADY_EXISTS") throw error;
    }
  }

  /** Writes all that changed. Never rejects: see `onError`. */
  flush(): Promise<void> {
    this.#flushing ??= this.#flushAll().finally(() => {
      this.#flushing = undefined;
      // What changed behind the back of a slow flush: its timer may have fired meanwhile.
      if ([...this.#records.values()].some((record) => record.isDirty || this.#isAwaited(record))) this.#armTimer();
    });
    return this.#flushing;
  }

  #onConnected(peer: ZonePeer): void {
    const record = this.#recordOf(peer.zone);
    const id = (this.#options.newId ?? randomUUID)();
    record.connect(peer, new Subscription(id, peer, this.#observer), this.#options.clock.now());
    record.keepNewest(Math.max(1, this.#limit));
    void this.#saveNow(record);
  }

  #onDisconnected(peer: ZonePeer): void {
    const record = this.#records.get(peer.zone);
    if (record?.disconnect(peer, this.#options.clock.now()) === true) void this.#saveNow(record);
  }

  #onIdentified(peer: ZonePeer): void {
    const record = this.#records.get(peer.zone);
    if (record === undefined) return;
    record.identify(peer);
    void this.#saveNow(record);
  }

  #onPinged(zone: string, at: number): void {
    const record = this.#recordOf(zone);
    record.healthCheckAt = at;
    this.#touch(record);
  }

  #onStreamOpened(zone: string, stream: ZoneStream): void {
    const record = this.#recordOf(zone);
    record.openStream(stream, this.#options.clock.now());
    this.#touch(record);
  }

  #onStreamClosed(zone: string): void {
    const record = this.#records.get(zone);
    if (record === undefined) return;
    record.closeStream();
    this.#dropIfOver(record);
  }

  #count(zone: string, type: string, outcome: Outcome): void {
    const record = this.#records.get(zone);
    const subscription = record?.current;
    if (record === undefined || subscription === undefined) return;
    subscription.count(outcome, type, this.#options.clock.now());
    this.#touch(record);
  }

  #recordOf(zone: string): ZoneRecord {
    const record = this.#records.get(zone) ?? new ZoneRecord(zone);
    this.#records.set(zone, record);
    return record;
  }

  #dropIfOver(record: ZoneRecord): void {
    if (!record.isOver || this.#isAwaited(record)) return;
    if (this.#records.get(record.zone) === record) this.#records.delete(record.zone);
  }

  /** It was pinged by a zone that will be there once it is connected. */
  #isAwaited({ zone, isOver, healthCheckAt }: ZoneRecord): boolean {
    const { store, clock } = this.#options;
    if (!isOver || healthCheckAt === undefined || store.get(zoneKey(zone)) !== undefined) return false;
    return clock.now() < healthCheckAt + PING_WAITS_MS;
  }

  #touch(record: ZoneRecord): void {
    record.isDirty = true;
    this.#armTimer();
  }

  #armTimer(): void {
    if (this.#isStopped) return;
    this.#timer ??= this.#options.clock.setTimeout(() => {
      this.#timer = undefined;
      void this.flush();
    }, this.#options.flushMs ?? FLUSH_MS);
  }

  /** One zone after the other: a change that reached all of them must not make one long turn of the event loop. */
  async #flushAll(): Promise<void> {
    if (this.#hasDead) await this.#closeDead();
    for (const record of this.#records.values()) {
      await record.saving;
      if (record.isDirty) await this.#saveNow(record);
      else this.#dropIfOver(record);
    }
  }

  #saveNow(record: ZoneRecord): Promise<void> {
    record.isDirty = true;
    record.isUrgent = true;
    record.saving ??= this.#save(record).finally(() => {
      record.saving = undefined;
      this.#dropIfOver(record);
    });
    return record.saving;
  }

  /** Again while something urgent came in meanwhile; what is not urgent waits for the timer. Never rejects. */
  async #save(record: ZoneRecord): Promise<void> {
    try {
      while (record.isUrgent) {
        record.isUrgent = false;
        record.isDirty = false;
        await this.#write(record);
      }
    } catch (error) {
      this.#touch(record);
      this.#options.onError?.(error, record.zone);
    }
  }

  async #write(record: ZoneRecord): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const closed = record.subscriptions.filter((each) => !each.isOpen);
      const ops = this.#planWrite(record);
      try {
        if (ops.length > 0) {
          await this.#options.store.commit(ops);
          record.mayCreateZone = false;
        }
        record.forget(closed);
        return;
      } catch (error) {
        // By another instance, or an operator on the Zone.
        if (!isOvertaken(error) || attempt === ATTEMPTS_MAX) throw error;
      }
    }
  }

  /** Nothing when the Zone was deleted: what is observed of it has no place any more. */
  #planWrite(record: ZoneRecord): readonly Op[] {
    const { store, clock, instanceId, compactFinished = true } = this.#options;
    const isThere = store.get(zoneKey(record.zone)) !== undefined;
    if (!isThere && !record.mayCreateZone) return [];
    const stored = store.get(insightKey(record.zone));
    const update = {
      subscriptions: record.subscriptions.map((each) => each.toJson()),
      streams: record.streams,
      healthCheckAt: record.healthCheckAt,
    };
    const options = { instanceId, subscriptionLimit: this.#limit, compactFinished, now: clock.now() };
    const insight: Op = {
      kind: "put",
      resource: {
        ...insightKey(record.zone),
        labels: stored?.labels ?? {},
        spec: updateInsight(stored?.spec ?? {}, update, options),
        owner: zoneKey(record.zone),
      },
      expect: stored?.version ?? "absent",
    };
    return isThere ? [insight] : [this.#zoneOp(record.zone), insight];
  }

  async #closeDead(): Promise<void> {
    const { store, clock, onError } = this.#options;
    const ops: Op[] = [];
    for (const insight of store.list("ZoneInsight")) {
      const spec = closeSubscriptions(insight.spec, (each) => this.#isOfDeadInstance(each), clock.now());
      if (spec !== insight.spec) ops.push({ kind: "put", resource: { ...insight, spec }, expect: insight.version });
    }
    try {
      if (ops.length > 0) await store.commit(ops);
      this.#hasDead = false;
    } catch (error) {
      this.#armTimer();
      onError?.(error, "");
    }
  }

  #isOfDeadInstance(subscription: JsonObject): boolean {
    return this.#instanceOf(subscription) !== this.#options.instanceId && !this.#isOfOtherLivingInstance(subscription);
  }

  #isOfOtherLivingInstance(subscription: JsonObject): boolean {
    const instance = this.#instanceOf(subscription);
    const { instanceId, isInstanceAlive } = this.#options;
    return typeof instance === "string" && instance !== instanceId && isInstanceAlive?.(instance) === true;
  }

  /** The end of the connection that is on our side. */
  #instanceOf(subscription: JsonObject): unknown {
    return subscription[this.#observer.role === "global" ? "globalInstanceId" : "zoneInstanceId"];
  }

  #zoneOp(zone: string): Op {
    const spec = this.#observer.role === "global" ? { enabled: true } : {};
    return { kind: "put", resource: { ...zoneKey(zone), labels: {}, spec }, expect: "absent" };
  }

  get #limit(): number {
    return this.#options.subscriptionLimit ?? SUBSCRIPTION_LIMIT;
  }
}

function zoneKey(name: string): ResourceKey {
  return { type: "Zone", mesh: "", name };
}

function insightKey(name: string): ResourceKey {
  return { type: "ZoneInsight", mesh: "", name };
}
