/**
 * Outbox: what a sender may send, kept once and shared by all its peers. It follows the store's commits, so that sessions
 * never poll: a commit is taken in first, then told to every session once.
 *
 * Names on the wire come in two variants (with or without the hash suffix); the plain one is made when the first peer
 * needs it. Both move on with a commit before anyone is told of it.
 */
import type { Registry, Resource } from "@isthmus/resources";
import type { CommitEvent, Revision, Store } from "@isthmus/store";
import { FEATURE_HASH_SUFFIX, type FeatureSet, hasFeatures } from "../mapping/features.ts";
import type { SenderRole } from "../mapping/mapper.ts";
import { ZONE_TYPE } from "./commit-causes.ts";
import { type OutboxFailure, OutboxVariant } from "./outbox-variant.ts";
import type { OutboxView } from "./outbox-view.ts";

export type { OutboxFailure } from "./outbox-variant.ts";
export type {
  Cursor,
  Delta,
  DeltaResult,
  EncodedResource,
  OutboxView,
  Pending,
  PendingOptions,
} from "./outbox-view.ts";

/** Below Kuma's 10 MiB per message, with room for the header. */
export const RESOURCE_MAX_BYTES = 10 * 1024 * 1024 - 8_192;

/** One commit, told once to every session. */
export interface OutboxChange {
  /** Types in which something changed for some peer. */
  readonly types: ReadonlySet<string>;
  readonly revision: Revision;
  /** Wall clock of the commit, ms. */
  readonly committedAt: number;
}

export interface OutboxOptions {
  readonly registry: Registry;
  readonly store: Pick<Store, "revision" | "list" | "get" | "subscribe">;
  /** A global sends towards zones, the zone of that name towards its global. */
  readonly role: SenderRole;
  /** Labels with such a prefix are not synced (`...kds.labels.skipPrefixes`). */
  readonly skipLabelPrefixes?: readonly string[];
  /** Called when a resource cannot be sent; it is left out, the others go on. */
  readonly onFailure?: (failure: OutboxFailure) => void;
  readonly maxResourceBytes?: number;
}

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #disabledZones = new Set<string>();
  readonly #listeners = new Set<(change: OutboxChange) => void>();
  readonly #readers = new Set<(type: string) => Revision>();
  #hashed: OutboxVariant | undefined;
  #plain: OutboxVariant | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Loads the store and follows its commits. Synchronous: afterwards the view is exact. */
  start(): void {
    if (this.#unsubscribe !== undefined) return;
    this.#unsubscribe = this.#options.store.subscribe((event) => this.#onCommit(event));
    if (this.#options.role.kind === "global") {
      for (const zone of this.#options.store.list(ZONE_TYPE)) {
        if (!isEnabled(zone)) this.#disabledZones.add(zone.name);
      }
    }
    this.#hashed = this.#newVariant(true);
  }

  stop(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#listeners.clear();
  }

  /** Revision up to which commits are taken in. */
  get revision(): Revision {
    return this.#hashed?.revision ?? 0;
  }

  /**
   * What a peer with these features reads; give it to the session as `outboxFor`.
   * @throws {Error} before `start`: a sender that answers from an unloaded store makes its peers delete everything.
   */
  view(features: FeatureSet): OutboxView {
    if (this.#hashed === undefined) throw new Error("the outbox is not started");
    if (this.#options.role.kind === "zone" || hasFeatures(features, FEATURE_HASH_SUFFIX)) return this.#hashed;
    this.#plain ??= this.#newVariant(false);
    return this.#plain;
  }

  /** Called after each commit that changed something for some peer. Returns the unsubscribe function. */
  subscribe(listener: (change: OutboxChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Registers a reader: `lowestCursor` says with which revision at the lowest it still compares a type (Infinity:
   * none). Gone rows are kept until all readers are past them. Returns the release function.
   */
  register(lowestCursor: (type: string) => Revision): () => void {
    this.#readers.add(lowestCursor);
    return () => this.#readers.delete(lowestCursor);
  }

  #onCommit(event: CommitEvent): void {
    if (this.#hashed === undefined || event.revision <= this.#hashed.revision) return;
    const toggled = this.#toggledZones(event);
    const types = this.#hashed.apply(event, toggled);
    for (const type of this.#plain?.apply(event, toggled) ?? []) types.add(type);
    if (types.size === 0) return;
    const change = { types, revision: event.revision, committedAt: event.committedAt };
    for (const listener of this.#listeners) listener(change);
  }

  /** Zones whose resources other zones lose or get back with this commit. */
  #toggledZones(event: CommitEvent): ReadonlySet<string> {
    const toggled = new Set<string>();
    if (this.#options.role.kind !== "global") return toggled;
    for (const { key, after } of event.changes) {
      if (key.type !== ZONE_TYPE) continue;
      const isDisabled = after !== undefined && !isEnabled(after);
      if (isDisabled === this.#disabledZones.has(key.name)) continue;
      if (isDisabled) this.#disabledZones.add(key.name);
      else this.#disabledZones.delete(key.name);
      toggled.add(key.name);
    }
    return toggled;
  }

  #newVariant(isHashed: boolean): OutboxVariant {
    const { registry, store, role, skipLabelPrefixes = [], onFailure = () => {} } = this.#options;
    const variant = new OutboxVariant({
      types: role.kind === "global" ? registry.towardsZones() : registry.towardsGlobal(),
      store,
      rules: { role, skipLabelPrefixes, isHashed },
      maxResourceBytes: this.#options.maxResourceBytes ?? RESOURCE_MAX_BYTES,
      isZoneEnabled: (zone) => !this.#disabledZones.has(zone),
      lowestCursor: (type) => this.#lowestCursor(type),
      onFailure,
    });
    variant.load();
    return variant;
  }

  #lowestCursor(type: string): Revision {
    let lowest = Number.POSITIVE_INFINITY;
    for (const reader of this.#readers) lowest = Math.min(lowest, reader(type));
    return lowest;
  }
}

/** `enabled` unset counts as enabled. Source: kuma v2.14.3: api/system/v1alpha1/zone_helpers.go. */
function isEnabled(zone: Resource): boolean {
  return zone.spec.enabled !== false;
}
