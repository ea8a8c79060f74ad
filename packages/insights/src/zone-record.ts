/** What is known of one zone that is, or just was, connected to this process, and what of it is not in the store yet. */
import { Subscription } from "./subscription.ts";
import type { ZonePeer, ZoneStream } from "./zone-event.ts";

export class ZoneRecord {
  readonly zone: string;
  /** The Zone may be created by the next write. Not later: a Zone that an operator deleted stays deleted. */
  mayCreateZone = false;
  /** A write must not wait for the next flush. */
  isUrgent = false;
  isDirty = false;
  /** The write that is going on. */
  saving: Promise<void> | undefined;
  /** Oldest first; closed ones until they are stored. */
  readonly subscriptions: Subscription[] = [];
  readonly streams = new Map<ZoneStream, number>();
  healthCheckAt: number | undefined;
  readonly #connections = new Map<number, Subscription>();
  #openStreams = 0;

  constructor(zone: string) {
    this.zone = zone;
  }

  get isOnline(): boolean {
    return this.#connections.size > 0;
  }

  /** Nothing is left that a later event or write could need. */
  get isOver(): boolean {
    return !this.isOnline && !this.isDirty && this.#openStreams === 0 && this.saving === undefined;
  }

  /** The open one, which is the newest. */
  get current(): Subscription | undefined {
    const last = this.subscriptions.at(-1);
    return last?.isOpen === true ? last : undefined;
  }

  connect(peer: ZonePeer, subscription: Subscription, now: number): void {
    for (const older of this.subscriptions) older.close(now);
    this.subscriptions.push(subscription);
    this.#connections.set(peer.connection, subscription);
    this.mayCreateZone = true;
  }

  /** False when it was not connected. */
  disconnect(peer: ZonePeer, now: number): boolean {
    const subscription = this.#connections.get(peer.connection);
    subscription?.identify(peer);
    subscription?.close(now);
    return this.#connections.delete(peer.connection);
  }

  identify(peer: ZonePeer): void {
    this.#connections.get(peer.connection)?.identify(peer);
  }

  openStream(stream: ZoneStream, now: number): void {
    this.streams.set(stream, now);
    this.#openStreams += 1;
  }

  closeStream(): void {
    this.#openStreams = Math.max(0, this.#openStreams - 1);
  }

  /** The control plane stops: nothing is connected to it any more. */
  closeAll(now: number): void {
    for (const subscription of this.subscriptions) subscription.close(now);
    this.#connections.clear();
    this.#openStreams = 0;
  }

  /** Closed subscriptions need no further write. */
  forget(stored: readonly Subscription[]): void {
    const kept = this.subscriptions.filter((each) => !stored.includes(each));
    this.subscriptions.splice(0, this.subscriptions.length, ...kept);
  }

  /** While nothing can be stored, a zone that comes and goes must not pile up what will be cut off anyway. */
  keepNewest(limit: number): void {
    if (this.subscriptions.length > limit) this.subscriptions.splice(0, this.subscriptions.length - limit);
  }
}
