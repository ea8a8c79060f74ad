/**
 * Keeps the MeshInsight and the ServiceInsight of every mesh in step with the store.
 *
 * Kuma collects events for a second, then lists and counts everything in the meshes that they concern. Here every commit
 * changes the running sums by what it changes, and the insights follow at once: one commit for all meshes that changed. While
 * changes keep coming, an insight waits `MIN_PAUSE_MS` between writes, and one of many services longer, up to `maxPauseMs`: it
 * goes to every zone, whole.
 */
import type { ReactorFailure } from "@isthmus/reactor";
import type { Registry } from "@isthmus/resources";
import { type Clock, type JsonObject, jsonEquals, type Random, type Service, type TimerHandle } from "@isthmus/std";
import { type CommitEvent, type Store, StoreWriter, type Write, type WriteEvent } from "@isthmus/store";
import { InsightDocument, type InsightKind, type InsightReason, type InsightWrite } from "./insight-document.ts";
import { MeshSums } from "./mesh-sums.ts";

/** What is to be visible within 100 ms must not wait longer than half of that. */
export const MIN_PAUSE_MS = 50;
/** Kuma's `metrics.mesh.minResyncInterval`. */
export const MAX_PAUSE_MS = 1_000;
/** Added for every service of a ServiceInsight; one has about 150 bytes of JSON. */
const PAUSE_PER_SERVICE_MS = 1;

export type MeshInsightEvent =
  | {
      /** An insight was looked at, and is stored when that changed it. */
      readonly kind: "computed";
      readonly insight: InsightKind;
      readonly mesh: string;
      readonly reason: string;
      readonly result: "changed" | "no_changes";
      /** From the first change to the start of the computation; ms. */
      readonly waitedMs: number;
      /** From there until it was stored; ms. */
      readonly ms: number;
    }
  | WriteEvent
  /** A derivation threw: a mistake of the program. What it gave before stays. */
  | { readonly kind: "defect"; readonly failure: ReactorFailure };

export interface MeshInsightsOptions {
  readonly store: Store;
  readonly registry: Registry;
  readonly clock: Clock;
  /** For the delays between tries of a write that failed. */
  readonly random: Random;
  /** Longest pause between two writes of one insight while it keeps changing. */
  readonly maxPauseMs?: number;
  /** Must not throw. */
  readonly onEvent?: (event: MeshInsightEvent) => void;
}

export class MeshInsights implements Service {
  readonly name = "mesh-insights";
  readonly #options: MeshInsightsOptions;
  readonly #sums: MeshSums;
  readonly #writer: StoreWriter;
  /** Of meshes that exist. */
  readonly #documents = new Map<string, InsightDocument>();
  readonly #dirty = new Set<InsightDocument>();
  #reason: InsightReason = "resync";
  #unsubscribe: (() => void) | undefined;
  #isTurnScheduled = false;
  #timer: { readonly handle: TimerHandle; readonly at: number } | undefined;

  constructor(options: MeshInsightsOptions) {
    const { store, registry, clock, random } = options;
    this.#options = options;
    this.#sums = new MeshSums({
      registry,
      clock,
      onChange: (mesh, kinds) => this.#touchMesh(mesh, kinds),
      onDefect: (failure) => this.#emit({ kind: "defect", failure }),
    });
    this.#writer = new StoreWriter({
      store,
      clock,
      random,
      pending: () => this.#pending(),
      onEvent: (event) => this.#emit(event),
    });
  }

  /** Resolves when everything is counted; writing what differs goes on. */
  async start(): Promise<void> {
    if (this.#unsubscribe !== undefined) return;
    const { store } = this.#options;
    this.#unsubscribe = store.subscribe((event) => this.#onCommit(event));
    this.#sums.load(store);
    this.#reason = "event";
  }

  /** What is not written then is found out anew by the next start. */
  async stop(): Promise<void> {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    this.#timer?.handle.cancel();
    this.#timer = undefined;
    await this.#writer.stop();
  }

  /** Nothing is to be written, now or when a pause ends. */
  get isSettled(): boolean {
    return !this.#isTurnScheduled && this.#dirty.size === 0 && !this.#writer.isBusy;
  }

  #onCommit(event: CommitEvent): void {
    this.#sums.apply(event);
    for (const { key, after } of event.changes) {
      // Our own write, or that of somebody whose place it is not.
      const document = this.#documents.get(`${key.type}/${key.mesh === "" ? key.name : key.mesh}`);
      if (document !== undefined && document.key.name === key.name && !document.isPlanned(after?.spec))
        this.#touch(document);
    }
    this.#scheduleTurn();
  }

  #touchMesh(mesh: string, kinds: readonly InsightKind[]): void {
    for (const kind of kinds) {
      const key = `${kind}/${mesh}`;
      const document = this.#documents.get(key) ?? new InsightDocument(kind, mesh);
      this.#documents.set(key, document);
      this.#touch(document);
    }
  }

  #touch(document: InsightDocument): void {
    document.touch(this.#reason, this.#options.clock.monotonic());
    this.#dirty.add(document);
    this.#scheduleTurn();
  }

  /** All commits of one turn of the event loop are looked at together. */
  #scheduleTurn(): void {
    if (this.#isTurnScheduled) return;
    this.#isTurnScheduled = true;
    setImmediate(() => {
      this.#isTurnScheduled = false;
      if (this.#unsubscribe === undefined) return;
      this.#sums.flush();
      this.#writer.poke();
      this.#armTimer();
    });
  }

  /** What differs from the store and whose pause is over. */
  #pending(): readonly Write[] {
    this.#sums.flush();
    const writes = [...this.#dirty].flatMap((document) => this.#plan(document) ?? []);
    this.#armTimer();
    return writes;
  }

  #plan(document: InsightDocument): Write | undefined {
    const { store, clock } = this.#options;
    const now = clock.monotonic();
    const stored = store.get(document.key);
    const written = document.written(stored?.spec, now, this.#pauseMs(document));
    if (written !== undefined) this.#emitComputed(document, written, "changed", now);
    const spec = this.#sums.insight(document.kind, document.mesh);
    if (spec === undefined) {
      // The insights of a mesh go with the Mesh, which owns them.
      this.#documents.delete(`${document.kind}/${document.mesh}`);
      this.#dirty.delete(document);
      return undefined;
    }
    if (isSame(stored?.spec, spec)) {
      if (written === undefined) this.#emitComputed(document, document.plan(spec, now), "no_changes", now);
      document.settle();
      this.#dirty.delete(document);
      return undefined;
    }
    if (document.dueAt > now) return undefined;
    document.plan(spec, now);
    const owner = { type: "Mesh", mesh: "", name: document.mesh };
    const resource = { ...document.key, labels: stored?.labels ?? {}, spec, owner };
    return { op: { kind: "put", resource, expect: stored?.version ?? "absent" } };
  }

  #pauseMs({ kind, mesh }: InsightDocument): number {
    const services = kind === "ServiceInsight" ? this.#sums.serviceCount(mesh) : 0;
    const { maxPauseMs = MAX_PAUSE_MS } = this.#options;
    return Math.min(Math.max(maxPauseMs, MIN_PAUSE_MS), MIN_PAUSE_MS + services * PAUSE_PER_SERVICE_MS);
  }

  /** For the first pause that ends with something to write. */
  #armTimer(): void {
    const { clock } = this.#options;
    const now = clock.monotonic();
    const waiting = [...this.#dirty].map(({ dueAt }) => dueAt).filter((dueAt) => dueAt > now);
    const at = waiting.length === 0 ? undefined : Math.min(...waiting);
    if (at === this.#timer?.at) return;
    this.#timer?.handle.cancel();
    this.#timer = undefined;
    if (at === undefined || this.#unsubscribe === undefined) return;
    const handle = clock.setTimeout(() => {
      this.#timer = undefined;
      this.#scheduleTurn();
    }, at - now);
    this.#timer = { handle, at };
  }

  #emitComputed(
    { kind: insight, mesh }: InsightDocument,
    { reason, waitedMs, plannedAt }: InsightWrite,
    result: "changed" | "no_changes",
    now: number,
  ): void {
    this.#emit({ kind: "computed", insight, mesh, reason, result, waitedMs, ms: now - plannedAt });
  }

  #emit(event: MeshInsightEvent): void {
    this.#options.onEvent?.(event);
  }
}

/** A ServiceInsight without services is not created, but kept when it is there. */
function isSame(stored: JsonObject | undefined, spec: JsonObject): boolean {
  if (stored === undefined) return Object.keys(spec).length === 0;
  return stored === spec || jsonEquals(stored, spec);
}
