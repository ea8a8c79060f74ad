/**
 * The one engine behind every store: catalog, commit queue, change feed, subscribers. What differs is where a batch is
 * kept (`Persistence`).
 *
 * Group commit: a write takes as long for a hundred commits as for one, so all commits that arrive while a write is in
 * flight form the next batch. A lone commit starts at once: there is no timer to wait for. Every commit keeps its own
 * revision, is judged against the state that includes the earlier ones of its batch, and fails alone. A batch for which
 * there is no room is halved until what does fit is written. When the disk fails otherwise, the whole batch is rejected
 * (also its conflicts, for they may rest on commits that now never happened). Readers see the last durable state.
 */
import type { Resource, ResourceKey } from "@isthmus/resources";
import { type Clock, errorMessage } from "@isthmus/std";
import { Catalog } from "./catalog.ts";
import { ChangeFeed } from "./change-feed.ts";
import { StoreError } from "./errors.ts";
import { BatchRefused, type LoadedState, type Persistence } from "./persistence.ts";
import { type StagedCommit, Staging } from "./staging.ts";
import type { Change, Changes, CommitEvent, CommitResult, Op, Revision, Store } from "./store.ts";
import { bareKey, rfc3339 } from "./stored-resource.ts";

export const DEFAULT_FEED_LIMIT = 100_000;

/** Kuma's label values of `operation` (kuma v2.14.3: pkg/plugins/resources, metrics `store`). Reads never leave memory. */
export type StoreOperation = "create" | "update" | "delete";

export interface StoreOptions {
  readonly clock: Clock;
  /** Number of keys that the change feed remembers. */
  readonly feedLimit?: number;
  /** Once per change of a durable commit, cascades included: the time from the call of `commit` to its end. */
  readonly observe?: (operation: StoreOperation, type: string, seconds: number) => void;
  /** A commit was rejected because the resource was not in the state its writer expected. */
  readonly onConflict?: (type: string) => void;
  /** What a subscriber threw. Default: a process warning. */
  readonly onListenerError?: (error: unknown) => void;
}

interface Waiting {
  readonly ops: readonly Op[];
  readonly since: number;
  readonly resolve: (result: CommitResult) => void;
  readonly reject: (error: unknown) => void;
}

type Outcome =
  | { readonly kind: "staged"; readonly waiting: Waiting; readonly commit: StagedCommit }
  | { readonly kind: "refused"; readonly waiting: Waiting; readonly error: unknown };

export class CatalogStore implements Store {
  readonly name = "store";
  readonly kind: string;
  readonly historyId: string;
  readonly #options: StoreOptions;
  readonly #persistence: Persistence;
  readonly #catalog = new Catalog();
  readonly #feed: ChangeFeed;
  readonly #listeners = new Set<Listener>();
  #revision: Revision;
  #waiting: Waiting[] = [];
  #inFlight = 0;
  #pump: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  /** `persistence` must hold exactly `state`. */
  constructor(kind: string, persistence: Persistence, state: LoadedState, options: StoreOptions) {
    this.kind = kind;
    this.historyId = state.historyId;
    this.#options = options;
    this.#persistence = persistence;
    this.#revision = state.revision;
    this.#feed = new ChangeFeed(state.revision, options.feedLimit ?? DEFAULT_FEED_LIMIT);
    for (const after of state.resources) this.#catalog.apply({ key: bareKey(after), before: undefined, after });
  }

  get revision(): Revision {
    return this.#revision;
  }

  /** Commits that have not ended: the gauge of the commit queue. Its bound is that writers wait for their commits. */
  get pendingCommits(): number {
    return this.#waiting.length + this.#inFlight;
  }

  /** Nothing to do: opening loaded everything. A stopped store cannot be started again. */
  start(): Promise<void> {
    return this.#stopped ? Promise.reject(closed()) : Promise.resolve();
  }

  /** Commits that were accepted are carried out first; reads go on working afterwards. */
  stop(): Promise<void> {
    this.#stopped ??= (this.#pump ?? Promise.resolve()).then(() => this.#persistence.close());
    return this.#stopped;
  }

  get(key: ResourceKey): Resource | undefined {
    return this.#catalog.get(key);
  }

  list(type: string, options?: { readonly mesh?: string }): readonly Resource[] {
    return this.#catalog.list(type, options?.mesh);
  }

  count(type: string): number {
    return this.#catalog.count(type);
  }

  changes(after: Revision, types?: ReadonlySet<string>): Changes {
    return this.#feed.after(after, this.#revision, types);
  }

  subscribe(listener: (event: CommitEvent) => void): () => void {
    const entry: Listener = { listener };
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  commit(ops: readonly Op[]): Promise<CommitResult> {
    if (this.#stopped) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ops, since: this.#options.clock.monotonic(), resolve, reject });
      this.#pump ??= this.#drain();
    });
  }

  async #drain(): Promise<void> {
    // One microtask, so that commits made in the same turn share the first batch.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      this.#inFlight = batch.length;
      await this.#run(batch);
    }
    this.#pump = undefined;
  }

  /** Never rejects. */
  async #run(batch: readonly Waiting[]): Promise<void> {
    const committedAt = this.#options.clock.now();
    const time = rfc3339(committedAt);
    const staging = new Staging(this.#catalog, this.#revision);
    const outcomes = batch.map((waiting) => stage(staging, waiting, time));
    if (staging.revision > this.#revision) {
      const { revision, rows } = staging;
      try {
        await this.#persistence.write({
          previousRevision: this.#revision,
          revision,
          rows,
          visible: () => this.#catalog.all(),
        });
      } catch (error) {
        if (error instanceof BatchRefused && batch.length > 1) return this.#runHalves(batch);
        this.#inFlight -= batch.length;
        for (const { reject } of batch) reject(ioError(error));
        return;
      }
    }
    for (const outcome of outcomes) this.#settle(outcome, committedAt);
  }

  async #runHalves(batch: readonly Waiting[]): Promise<void> {
    const middle = batch.length >>> 1;
    await this.#run(batch.slice(0, middle));
    await this.#run(batch.slice(middle));
  }

  #settle(outcome: Outcome, committedAt: number): void {
    const { waiting } = outcome;
    this.#inFlight -= 1;
    if (outcome.kind === "refused") {
      this.#reportConflict(outcome.error);
      waiting.reject(outcome.error);
      return;
    }
    const { revision, changes } = outcome.commit;
    if (changes.length > 0) {
      for (const change of changes) {
        this.#catalog.apply(change);
        this.#feed.push(revision, change.key);
      }
      this.#revision = revision;
      this.#observe(changes, waiting.since);
      this.#notify({ revision, committedAt, changes });
    }
    waiting.resolve({ revision, changes });
  }

  #notify(event: CommitEvent): void {
    // Those subscribed now: one that joins meanwhile is not told of what it could already see.
    for (const entry of Array.from(this.#listeners)) {
      if (!this.#listeners.has(entry)) continue;
      this.#guard(() => entry.listener(event));
    }
  }

  #observe(changes: readonly Change[], since: number): void {
    const { observe, clock } = this.#options;
    if (!observe) return;
    const seconds = (clock.monotonic() - since) / 1_000;
    for (const change of changes) this.#guard(() => observe(operationOf(change), change.key.type, seconds));
  }

  #reportConflict(error: unknown): void {
    const { onConflict } = this.#options;
    if (!onConflict || !(error instanceof StoreError)) return;
    const { code, key } = error;
    if (key && (code === "VERSION_CONFLICT" || code === "ALREADY_EXISTS")) this.#guard(() => onConflict(key.type));
  }

  /** Nothing that a listener or hook throws may stop the commit queue. */
  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      try {
        (this.#options.onListenerError ?? warn)(error);
      } catch (second) {
        warn(second);
      }
    }
  }
}

/** Wrapped, so that one function may be subscribed twice. */
interface Listener {
  readonly listener: (event: CommitEvent) => void;
}

function stage(staging: Staging, waiting: Waiting, time: string): Outcome {
  try {
    return { kind: "staged", waiting, commit: staging.stage(waiting.ops, time) };
  } catch (error) {
    return { kind: "refused", waiting, error };
  }
}

function operationOf({ before, after }: Change): StoreOperation {
  if (!after) return "delete";
  return before ? "update" : "create";
}

function ioError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  return new StoreError("IO", `the store could not write: ${errorMessage(error)}`, { cause: error });
}

const closed = (): StoreError => new StoreError("CLOSED", "the store is closed");

function warn(error: unknown): void {
  process.emitWarning(`a listener of the store threw: ${errorMessage(error)}`);
}
