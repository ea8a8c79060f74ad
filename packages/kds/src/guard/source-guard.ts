/**
 * What is known of the source of one stream: whether it is the one that provided what is stored here, and which types it
 * has told in full. One per stream, so nothing about a source outlives its connection but what is recorded in the store.
 */
import type { Registry } from "@isthmus/resources";
import type { Clock } from "@isthmus/std";
import type { Store } from "@isthmus/store";
import { isProvidedBySource, type ReceivingSide } from "../apply/receiving-side.ts";
import { keyOfWireName, type ReceivedBatch } from "../session/received-resource.ts";
import {
  CLUSTER_ID_CONFIG,
  CONFIG_TYPE,
  judgeSource,
  type PresentedIdentity,
  readSyncSource,
  type SourceIdentity,
  type SourceVerdict,
} from "./sync-source.ts";

/** How long changed trust material of a first response waits for the first responses of the other types. */
export const TRUST_WAIT_MS = 1_000;

export interface SourceGuardOptions {
  readonly side: ReceivingSide;
  readonly historyId: string | undefined;
  readonly registry: Registry;
  readonly store: Pick<Store, "get">;
  readonly clock: Clock;
}

export class SourceGuard {
  readonly side: ReceivingSide;
  readonly #options: SourceGuardOptions;
  readonly #unseen: Set<string>;
  /** Types whose first response is here and waits for the others; true where it will be held itself. */
  readonly #waiting = new Map<string, boolean>();
  #waiters: (() => void)[] = [];
  #known: SourceIdentity | undefined;
  #clusterId: PresentedIdentity["clusterId"] = { kind: "unseen" };
  #isOpen = true;

  constructor(options: SourceGuardOptions) {
    this.side = options.side;
    this.#options = options;
    this.#known = readSyncSource(options.store, options.side);
    this.#unseen = new Set(
      options.registry
        .all()
        .filter((type) => isProvidedBySource(type, options.side))
        .map((type) => type.name),
    );
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get verdict(): SourceVerdict {
    return judgeSource(this.#known, { clusterId: this.#clusterId, historyId: this.#options.historyId });
  }

  /** As far as it has shown itself. */
  get identity(): SourceIdentity {
    const clusterId = this.#clusterId.kind === "seen" ? this.#clusterId.id : undefined;
    return { clusterId, historyId: this.#options.historyId };
  }

  /** Every type has been told in full on this stream. */
  get isComplete(): boolean {
    return this.#unseen.size === 0;
  }

  hasTold(type: string): boolean {
    const { registry } = this.#options;
    const descriptor = registry.get(type);
    return descriptor !== undefined && isProvidedBySource(descriptor, this.side) && !this.#unseen.has(type);
  }

  /** Configs carry the cluster id. To be called before the batch is judged. */
  observe(batch: ReceivedBatch): void {
    if (batch.type !== CONFIG_TYPE || this.side.kind !== "zone") return;
    const isClusterId = (wireName: string) => keyOfWireName(CONFIG_TYPE, wireName).name === CLUSTER_ID_CONFIG;
    const shown = batch.upserts.find(({ resource }) => resource.name === CLUSTER_ID_CONFIG);
    if (shown !== undefined) {
      const { config } = shown.resource.spec;
      this.#clusterId = { kind: "seen", id: typeof config === "string" ? config : undefined };
    } else if (batch.initial || batch.removed.some(isClusterId)) {
      this.#clusterId = { kind: "seen", id: undefined };
    }
  }

  /** The first response of the type is applied. */
  told(type: string): void {
    this.#unseen.delete(type);
    this.#waiting.delete(type);
    if (this.#hasArrived()) this.#wake();
  }

  /** Some first response that waits will be held. */
  get isSuspect(): boolean {
    return [...this.#waiting.values()].includes(true);
  }

  /** The source is taken for the right one from now on. */
  recorded(identity: SourceIdentity): void {
    this.#known = identity;
  }

  /**
   * The first response of a type waits until the first responses of all others have arrived, a bounded time, or until the
   * end of the stream. `isHeld`: it will be held, whatever the others say.
   */
  async arrived(type: string, isHeld: boolean): Promise<void> {
    if (!this.#isOpen) return;
    this.#waiting.set(type, isHeld);
    if (this.#hasArrived()) return this.#wake();
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.setTimeout(resolve, TRUST_WAIT_MS);
      this.#waiters.push(() => {
        timer.cancel();
        resolve();
      });
    });
  }

  close(): void {
    this.#isOpen = false;
    this.#wake();
  }

  #hasArrived(): boolean {
    for (const type of this.#unseen) if (!this.#waiting.has(type)) return false;
    return true;
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}
