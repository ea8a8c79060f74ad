/**
 * One variant of an outbox: the feeds of all types under one set of mapping rules. Follows commits that the Outbox hands
 * in; answers sessions.
 */
import { keyOf, type Resource, type ResourceKey, type TypeDescriptor } from "@isthmus/resources";
import { errorMessage } from "@isthmus/std";
import type { CommitEvent, Revision, Store } from "@isthmus/store";
import { type Audience, NOBODY, type Recipient } from "../mapping/audience.ts";
import { audienceTowardsGlobal, audienceTowardsZones, homeOf } from "../mapping/audience-of.ts";
import { isSameOnWire, type MappingRules, mapMeta } from "../mapping/mapper.ts";
import { wireNameOf } from "../session/received-resource.ts";
import { CommitCauses } from "./commit-causes.ts";
import { encodeResource } from "./encode-resource.ts";
import type { FeedRow } from "./feed-row.ts";
import { NameClaims } from "./name-claims.ts";
import type { Cursor, DeltaResult, EncodedResource, OutboxView, Pending, PendingOptions } from "./outbox-view.ts";
import { type FeedChange, TypeFeed } from "./type-feed.ts";

/** A resource that cannot be sent and was left out. */
export interface OutboxFailure {
  readonly key: ResourceKey;
  readonly reason: string;
}

export interface VariantOptions {
  readonly types: readonly TypeDescriptor[];
  readonly store: Pick<Store, "revision" | "list" | "get">;
  readonly rules: MappingRules;
  readonly maxResourceBytes: number;
  readonly isZoneEnabled: (zone: string) => boolean;
  readonly lowestCursor: (type: string) => Revision;
  readonly onFailure: (failure: OutboxFailure) => void;
}

interface TypeState {
  readonly descriptor: TypeDescriptor;
  readonly feed: TypeFeed;
  readonly claims: NameClaims;
}

export class OutboxVariant implements OutboxView {
  readonly #options: VariantOptions;
  readonly #types = new Map<string, TypeState>();
  #revision: Revision = 0;

  constructor(options: VariantOptions) {
    this.#options = options;
    for (const descriptor of options.types) {
      const feed = new TypeFeed({
        encode: (row) => this.#encode(descriptor, row),
        isSameOnWire: (before, after) => isSameOnWire(descriptor, before, after, options.rules),
        lowestCursor: () => options.lowestCursor(descriptor.name),
      });
      this.#types.set(descriptor.name, { descriptor, feed, claims: new NameClaims() });
    }
  }

  /** Reads everything there is, as of the store's revision. */
  load(): void {
    this.#revision = this.#options.store.revision;
    for (const state of this.#types.values()) {
      for (const resource of this.#options.store.list(state.descriptor.name)) {
        const at = Date.parse(resource.modificationTime);
        const change = { revision: this.#revision, at: Number.isNaN(at) ? 0 : at, intent: undefined };
        const wireName = this.#wireNameOf(state, resource);
        const holder = state.feed.get(wireName)?.resource;
        if (holder === undefined) state.feed.load(wireName, resource, this.#audienceOf(state, resource), change.at);
        else this.#settle(state, wireName, state.claims.add(wireName, holder, resource), change);
      }
    }
  }

  /** Takes in one commit. Returns the types in which something changed for some peer. */
  apply(event: CommitEvent, toggledZones: ReadonlySet<string>): Set<string> {
    const touched = new Set<string>();
    // Made after this commit: it has read its result, or that of a later one, already.
    if (event.revision <= this.#revision) return touched;
    this.#revision = event.revision;
    const causes = new CommitCauses(event, toggledZones);
    if (toggledZones.size > 0) this.#onZonesToggled(toggledZones, event, causes, touched);
    for (const { key, before, after } of event.changes) {
      const state = this.#types.get(key.type);
      if (state === undefined) continue;
      const change = { revision: event.revision, at: event.committedAt, intent: causes.of(before, after) };
      const nameBefore = before === undefined ? undefined : this.#wireNameOf(state, before);
      const nameAfter = after === undefined ? undefined : this.#wireNameOf(state, after);
      let isChanged = false;
      if (nameBefore !== undefined && nameBefore !== nameAfter) {
        const holder = state.feed.get(nameBefore)?.resource;
        const rest = state.claims.remove(nameBefore, holder, key);
        isChanged = this.#settle(state, nameBefore, rest, change);
      }
      if (nameAfter !== undefined && after !== undefined) {
        const holder = state.feed.get(nameAfter)?.resource;
        isChanged =
          this.#settle(state, nameAfter, state.claims.add(nameAfter, holder, key), change, after) || isChanged;
      }
      if (isChanged) touched.add(key.type);
    }
    return touched;
  }

  get revision(): Revision {
    return this.#revision;
  }

  provides(type: string): boolean {
    return this.#types.has(type);
  }

  types(): readonly string[] {
    return [...this.#types.keys()];
  }

  head(type: string): { readonly revision: Revision; readonly at: number } {
    return this.#types.get(type)?.feed.head ?? { revision: 0, at: 0 };
  }

  end(type: string): Cursor {
    return { revision: this.#revision, position: this.#types.get(type)?.feed.position ?? 0 };
  }

  count(type: string, recipient: Recipient): number {
    return this.#types.get(type)?.feed.count(recipient) ?? 0;
  }

  delta(type: string, recipient: Recipient, cursor: Cursor | undefined, maxBytes: number): DeltaResult {
    const feed = this.#types.get(type)?.feed;
    if (feed !== undefined) return feed.delta(recipient, cursor, this.#revision, maxBytes);
    const next = { revision: this.#revision, position: 0 };
    return { kind: "delta", upserts: [], removals: [], intents: [], next, bytes: 0, oldestChangeAt: undefined };
  }

  pending(type: string, recipient: Recipient, cursor: Cursor, options?: PendingOptions): Pending {
    const feed = this.#types.get(type)?.feed;
    return feed?.pending(recipient, cursor, options) ?? { count: 0, oldestChangeAt: undefined };
  }

  lookup(type: string, recipient: Recipient, wireName: string): EncodedResource | undefined {
    return this.#types.get(type)?.feed.lookup(recipient, wireName);
  }

  /** Sizes of a type's feed, gone rows included: for gauges. */
  size(type: string): TypeFeed["size"] {
    return this.#types.get(type)?.feed.size ?? { rows: 0, tombstones: 0, log: 0 };
  }

  /** Who may have what changes with the zone, though the resources themselves did not. */
  #onZonesToggled(zones: ReadonlySet<string>, event: CommitEvent, causes: CommitCauses, touched: Set<string>): void {
    for (const state of this.#types.values()) {
      if (!state.descriptor.kds.acrossZones) continue;
      for (const row of state.feed.rows()) {
        const { resource } = row;
        if (resource === undefined) continue;
        const home = homeOf(resource);
        if (!zones.has(home)) continue;
        const change = { revision: event.revision, at: event.committedAt, intent: causes.ofZone(home) };
        if (this.#settle(state, row.wireName, state.claims.claimants(row.wireName, resource), change)) {
          touched.add(state.descriptor.name);
        }
      }
    }
  }

  /** Puts the right one of the claimants behind a name. `latest` is the state of one of them, if the caller has it. */
  #settle(
    state: TypeState,
    wireName: string,
    claimants: readonly ResourceKey[],
    change: FeedChange,
    latest?: Resource,
  ): boolean {
    let winner: Resource | undefined;
    let audience: Audience = NOBODY;
    for (const key of claimants) {
      const isLatest = latest !== undefined && keyOf(latest) === keyOf({ ...key, type: latest.type });
      const resource = isLatest ? latest : this.#options.store.get({ ...key, type: state.descriptor.name });
      if (resource === undefined) continue;
      const candidate = this.#audienceOf(state, resource);
      if (winner === undefined || (audience === NOBODY && candidate !== NOBODY)) {
        winner = resource;
        audience = candidate;
      } else if (candidate !== NOBODY) {
        this.#options.onFailure({ key: bareKey(resource), reason: `its name on the wire, ${wireName}, is taken` });
      }
    }
    return state.feed.put(wireName, winner, audience, change);
  }

  #wireNameOf(state: TypeState, resource: Resource): string {
    return wireNameOf(mapMeta(state.descriptor, resource, this.#options.rules));
  }

  #audienceOf(state: TypeState, resource: Resource): Audience {
    try {
      return this.#options.rules.role.kind === "zone"
        ? audienceTowardsGlobal(resource)
        : audienceTowardsZones(state.descriptor, resource, this.#options.isZoneEnabled);
    } catch (error) {
      this.#options.onFailure({ key: bareKey(resource), reason: errorMessage(error) });
      return NOBODY;
    }
  }

  #encode(descriptor: TypeDescriptor, row: FeedRow): EncodedResource | undefined {
    const { resource } = row;
    if (resource === undefined) return undefined;
    try {
      const encoded = encodeResource(descriptor, resource, this.#options.rules);
      if (encoded.chunk.byteLength <= this.#options.maxResourceBytes) return encoded;
      row.failure = `${encoded.chunk.byteLength} bytes, more than the ${this.#options.maxResourceBytes} that fit one message`;
    } catch (error) {
      row.failure = errorMessage(error);
    }
    this.#options.onFailure({ key: bareKey(resource), reason: row.failure });
    return undefined;
  }
}

function bareKey(resource: Resource): ResourceKey {
  return { type: resource.type, mesh: resource.mesh, name: resource.name };
}
