/**
 * The holds of the mass-change brake of one control plane, on a zone towards its global, on a global towards all zones.
 *
 * A hold keeps rows that its source no longer has. It outlives the stream it came with; a restart of the process forgets
 * it, and the next first response, which lacks the same rows, opens it anew. It ends when an operator accepts it, when the
 * source has the rows again, when the rows or their mesh are gone here, when an Isthmus source gives the reason (an intent),
 * or when a source that proves its store's history repeats the same state for the hold time.
 */
import { keyOf, type ResourceKey, type TypeDescriptor } from "@isthmus/resources";
import { type Clock, errorMessage } from "@isthmus/std";
import type { CommitEvent, ResourceDraft, Store } from "@isthmus/store";
import { commitPlanned } from "../apply/commit-planned.ts";
import type { ReceivingSide } from "../apply/receiving-side.ts";
import type { Hold, HoldsChanged } from "./hold.ts";
import { coversIntent } from "./intents.ts";
import { KeyLock } from "./key-lock.ts";
import { MESH_TYPE } from "./mesh-weight.ts";
import { grow, type HeldBack, holdId, isEmpty, isJustified, type OpenHold, shownHold } from "./open-hold.ts";
import { type HoldEnd, planRelease, type Release } from "./plan-release.ts";
import type { SourceGuard } from "./source-guard.ts";
import { recordSyncSource } from "./sync-source.ts";

export const HOLD_TIME_MS = 600_000;

export type HoldEvent =
  | { readonly kind: "opened" | "grown" | "rejected"; readonly hold: Hold }
  | { readonly kind: "ended"; readonly hold: Hold; readonly why: HoldEnd }
  /** A deletion that was released could not be stored: the hold stays. */
  | { readonly kind: "failed"; readonly zone: string; readonly reason: string };

export interface HoldRegistryOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Default: ten minutes. */
  readonly holdTimeMs?: number;
  readonly onEvent?: (event: HoldEvent) => void;
}

/** A changed secret or CA that waits. */
export interface Withheld {
  readonly origin: string;
  readonly draft: ResourceDraft;
  /** Rows of the type and origin. */
  readonly of: number;
}

/** What one applied batch means for the holds of its type. */
export interface HoldsOfBatch {
  readonly guard: SourceGuard;
  readonly descriptor: TypeDescriptor;
  readonly isInitial: boolean;
  /** Key texts of what the source has, as far as the batch says. */
  readonly provided: ReadonlySet<string>;
  /** `provided` and what the batch removes. */
  readonly named: ReadonlySet<string>;
  /** Rows that may stand for rows that went: 0 but for types of live things. */
  readonly replacements: number;
  readonly heldBack: readonly HeldBack[];
  readonly withheld: readonly Withheld[];
  readonly intents: readonly string[];
}

export class HoldRegistry {
  readonly #options: HoldRegistryOptions;
  readonly #holdTimeMs: number;
  readonly #holds = new Map<string, OpenHold>();
  /** The source of each zone's latest stream. */
  readonly #sources = new Map<string, SourceGuard>();
  /** Meshes that were deleted here and are still gone. */
  readonly #goneMeshes = new Set<string>();
  /** Why rows of a hold are being deleted just now. */
  readonly #releasing = new Map<OpenHold, HoldEnd>();
  readonly #lock = new KeyLock();
  readonly #listeners = new Set<(change: HoldsChanged) => void>();
  readonly #background = new Set<Promise<void>>();
  readonly #unsubscribe: () => void;

  constructor(options: HoldRegistryOptions) {
    this.#options = options;
    this.#holdTimeMs = options.holdTimeMs ?? HOLD_TIME_MS;
    this.#unsubscribe = options.store.subscribe((event) => this.#onCommit(event));
  }

  /** In order of id. */
  list(): readonly Hold[] {
    return [...this.#holds.values()].map(shownHold).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /**
   * Deletes the rows that the source still lacks and applies what was withheld. False when there is no such hold.
   * @throws {StoreError} when the store refuses; the hold stays
   */
  async accept(id: string): Promise<boolean> {
    const hold = this.#holds.get(id);
    return hold === undefined ? false : this.#release(hold, { why: "accepted", withWithheld: true });
  }

  /** Keeps the rows; the hold stays to be seen. False when there is no such hold. */
  reject(id: string): Promise<boolean> {
    const hold = this.#holds.get(id);
    if (hold === undefined) return Promise.resolve(false);
    if (hold.state !== "rejected") {
      hold.state = "rejected";
      this.#report({ kind: "rejected", hold: shownHold(hold) });
      this.#notify(hold);
    }
    return Promise.resolve(true);
  }

  /** Told when the holds of a type change outside of a batch of that type. */
  subscribe(listener: (change: HoldsChanged) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Resolves when nothing that was released is being committed any more. */
  async idle(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
  }

  /** Ends timers and the subscription to the store. Holds are forgotten with the object. */
  async close(): Promise<void> {
    this.#unsubscribe();
    for (const hold of this.#holds.values()) hold.timer?.cancel();
    await this.idle();
  }

  // For appliers.

  /** Batches of a type and releases of its holds run one after the other: each sees what the other did. */
  exclusive<T>(zone: string, type: string, work: () => Promise<T>): Promise<T> {
    return this.#lock.run(`${zone}/${type}`, work);
  }

  connect(guard: SourceGuard): void {
    this.#sources.set(guard.side.zone, guard);
  }

  disconnect(guard: SourceGuard): void {
    if (this.#sources.get(guard.side.zone) === guard) this.#sources.delete(guard.side.zone);
  }

  idsOf(zone: string, type: string): readonly string[] {
    return this.#of(zone, type)
      .map((hold) => hold.id)
      .sort();
  }

  find(zone: string, type: string, origin: string): Pick<OpenHold, "kept" | "state"> | undefined {
    return this.#holds.get(holdId(zone, type, origin));
  }

  isMeshGone(mesh: string): boolean {
    return this.#goneMeshes.has(mesh);
  }

  /** Whether this source must not replace secrets and CA material now. */
  isInDoubt(guard: SourceGuard): boolean {
    if (guard.isSuspect || this.#of(guard.side.zone).some((hold) => hold.kept.size > 0)) return true;
    const { kind } = guard.verdict;
    return (kind === "other" || kind === "unproven") && !guard.isComplete;
  }

  /** To be called in `exclusive`, after the commit of the batch. */
  applied(batch: HoldsOfBatch): void {
    const { guard, descriptor, isInitial, intents } = batch;
    const { zone } = guard.side;
    for (const hold of this.#of(zone, descriptor.name)) this.#confirm(hold, batch);
    for (const held of batch.heldBack) this.#hold(held, batch);
    for (const withheld of batch.withheld) this.#withhold(withheld, batch);
    if (isInitial) guard.told(descriptor.name);
    if (intents.length > 0) {
      for (const hold of this.#of(zone)) {
        const covers = (key: ResourceKey) => coversIntent(intents, key, hold.origin);
        if ([...hold.kept.values()].some(covers))
          this.#releaseLater(hold, { why: "intent", covers, withWithheld: false });
      }
    }
    for (const hold of this.#of(zone)) this.#evaluate(hold, guard, descriptor.name);
    this.#settle(guard);
  }

  #of(zone: string, type?: string): readonly OpenHold[] {
    return [...this.#holds.values()].filter(
      (hold) => hold.side.zone === zone && (type === undefined || hold.descriptor.name === type),
    );
  }

  /** What the batch says about rows and content that were kept back before. */
  #confirm(hold: OpenHold, { isInitial, provided, named, replacements }: HoldsOfBatch): void {
    const before = hold.kept.size;
    for (const [text, key] of hold.kept) {
      if (provided.has(text) || this.#options.store.get(key) === undefined) hold.kept.delete(text);
    }
    // What is still withheld is in the batch again.
    for (const text of hold.withheld.keys()) if (isInitial || named.has(text)) hold.withheld.delete(text);
    hold.replaced += replacements;
    if (hold.kept.size !== before) this.#restartTimer(hold);
  }

  #hold(held: HeldBack, { guard, descriptor }: HoldsOfBatch): void {
    const existing = this.#holds.get(holdId(guard.side.zone, descriptor.name, held.origin));
    const hold = existing ?? this.#open(guard.side, descriptor, held.origin);
    const isGrown = grow(hold, held, this.#options.clock.now());
    if (isGrown) {
      this.#restartTimer(hold);
      this.#report({ kind: existing === undefined ? "opened" : "grown", hold: shownHold(hold) });
    }
  }

  #withhold({ origin, draft, of }: Withheld, { guard, descriptor }: HoldsOfBatch): void {
    const existing = this.#holds.get(holdId(guard.side.zone, descriptor.name, origin));
    const hold = existing ?? this.#open(guard.side, descriptor, origin);
    if (hold.kept.size === 0) hold.of = of;
    hold.withheld.set(keyOf(draft), draft);
    if (existing === undefined) this.#report({ kind: "opened", hold: shownHold(hold) });
  }

  #open(side: ReceivingSide, descriptor: TypeDescriptor, origin: string): OpenHold {
    const now = this.#options.clock.now();
    const hold: OpenHold = {
      id: holdId(side.zone, descriptor.name, origin),
      side,
      descriptor,
      origin,
      since: now,
      cause: "bulk",
      reason: "",
      isInitial: true,
      state: "held",
      of: 0,
      kept: new Map(),
      withheld: new Map(),
      replaced: 0,
      excused: 0,
      unchangedSince: now,
      timer: undefined,
    };
    this.#holds.set(hold.id, hold);
    return hold;
  }

  /**
   * Ends what is no longer justified. Only on the word of a stream that has told the type: what an earlier, perhaps wrong,
   * source lacked says nothing about this one.
   */
  #evaluate(hold: OpenHold, guard: SourceGuard, batchType: string): void {
    if (isEmpty(hold)) return this.#end(hold, "returned", batchType);
    if (hold.state === "rejected" || hold.kept.size === 0 || !guard.hasTold(hold.descriptor.name)) return;
    const { kind } = guard.verdict;
    if (hold.cause === "identity" && (kind === "same" || kind === "new")) {
      hold.cause = "bulk";
      hold.reason = `the source lacks ${hold.kept.size} of ${hold.of}`;
    }
    if (!isJustified(hold)) this.#releaseLater(hold, { why: "settled", withWithheld: false });
    else if (this.#isDue(hold)) this.#releaseLater(hold, { why: "time", withWithheld: false });
  }

  /**
   * With the last doubt goes what waited for it. Once everything is told and nothing is held, the source is the one that
   * the rows here come from.
   */
  #settle(guard: SourceGuard): void {
    if (!guard.isOpen || this.#sources.get(guard.side.zone) !== guard || this.isInDoubt(guard)) return;
    const holds = this.#of(guard.side.zone);
    for (const hold of holds) {
      if (hold.state === "held") this.#releaseLater(hold, { why: "settled", withWithheld: true });
    }
    if (holds.length > 0 || !guard.isComplete) return;
    const { identity } = guard;
    const op = recordSyncSource(this.#options.store, guard.side, identity);
    if (op === undefined) return guard.recorded(identity);
    this.#inBackground(guard.side.zone, async () => {
      await this.#options.store.commit([op]);
      guard.recorded(identity);
    });
  }

  #isDue(hold: OpenHold): boolean {
    const guard = this.#sources.get(hold.side.zone);
    if (guard === undefined || hold.state !== "held" || hold.kept.size === 0) return false;
    const { verdict } = guard;
    const isProven = verdict.kind === "same" && verdict.isHistoryProven && guard.hasTold(hold.descriptor.name);
    return isProven && this.#options.clock.now() - hold.unchangedSince >= this.#holdTimeMs;
  }

  /** The hold time begins anew with every change: it is the same state that has to last. */
  #restartTimer(hold: OpenHold): void {
    const { clock } = this.#options;
    hold.unchangedSince = clock.now();
    hold.timer?.cancel();
    hold.timer = clock.setTimeout(() => {
      if (this.#holds.get(hold.id) === hold && this.#isDue(hold)) {
        this.#releaseLater(hold, { why: "time", withWithheld: false });
      }
    }, this.#holdTimeMs);
  }

  #releaseLater(hold: OpenHold, release: Release): void {
    this.#inBackground(hold.side.zone, () => this.#release(hold, release));
  }

  /** False when the hold ended before its turn came. */
  #release(hold: OpenHold, release: Release): Promise<boolean> {
    return this.exclusive(hold.side.zone, hold.descriptor.name, async () => {
      if (this.#holds.get(hold.id) !== hold || !this.#mayStill(hold, release)) return false;
      const { store } = this.#options;
      this.#releasing.set(hold, release.why);
      const { plan } = await commitPlanned(store, () => planRelease(hold, release, store)).finally(() =>
        this.#releasing.delete(hold),
      );
      for (const text of plan.kept) hold.kept.delete(text);
      if (release.why === "gone") hold.excused += plan.kept.length;
      for (const text of plan.withheld) hold.withheld.delete(text);
      if (this.#holds.get(hold.id) === hold) {
        if (isEmpty(hold)) this.#end(hold, release.why);
        else this.#notify(hold);
      }
      const guard = this.#sources.get(hold.side.zone);
      if (guard !== undefined) this.#settle(guard);
      return true;
    });
  }

  /** Much can happen while a release waits for its turn. */
  #mayStill(hold: OpenHold, { why, withWithheld }: Release): boolean {
    if (why === "time") return this.#isDue(hold);
    if (why !== "settled") return true;
    return hold.state === "held" && (withWithheld ? hold.kept.size === 0 : !isJustified(hold));
  }

  #end(hold: OpenHold, why: HoldEnd, quietType?: string): void {
    hold.timer?.cancel();
    this.#holds.delete(hold.id);
    this.#report({ kind: "ended", hold: shownHold(hold), why });
    if (hold.descriptor.name !== quietType) this.#notify(hold);
  }

  /** Rows that are gone need no hold; with a mesh goes what it held. */
  #onCommit({ changes }: CommitEvent): void {
    for (const { key, after } of changes) {
      if (key.type === MESH_TYPE) {
        if (after === undefined) this.#goneMeshes.add(key.name);
        else this.#goneMeshes.delete(key.name);
      }
    }
    if (this.#holds.size === 0) return;
    const gone = changes.filter((change) => change.after === undefined);
    if (gone.length === 0) return;
    for (const hold of this.#holds.values()) this.#forgetGone(hold, gone);
  }

  #forgetGone(hold: OpenHold, gone: CommitEvent["changes"]): void {
    const before = hold.kept.size;
    let hasGoneMesh = false;
    for (const { key } of gone) {
      if (key.type === hold.descriptor.name) hold.kept.delete(keyOf(key));
      hasGoneMesh ||= key.type === MESH_TYPE;
    }
    if (hold.kept.size !== before) {
      if (isEmpty(hold)) this.#end(hold, this.#releasing.get(hold) ?? "gone");
      else this.#notify(hold);
    }
    const covers = (key: ResourceKey) => this.#goneMeshes.has(key.mesh);
    if (hasGoneMesh && [...hold.kept.values()].some(covers)) {
      this.#releaseLater(hold, { why: "gone", covers, withWithheld: false });
    }
  }

  #inBackground(zone: string, work: () => Promise<unknown>): void {
    const task = work()
      .catch((error: unknown) => this.#report({ kind: "failed", zone, reason: errorMessage(error) }))
      .then(() => void this.#background.delete(task));
    this.#background.add(task);
  }

  #notify({ side, descriptor }: OpenHold): void {
    const change = { zone: side.zone, type: descriptor.name, holds: this.idsOf(side.zone, descriptor.name) };
    for (const listener of this.#listeners) listener(change);
  }

  #report(event: HoldEvent): void {
    this.#options.onEvent?.(event);
  }
}
