/**
 * The state that a batch of commits would lead to, laid over the catalog without touching it: later commits of a batch
 * are judged against what earlier ones of the same batch do, a commit that fails leaves no trace, and nothing is
 * visible before the batch is durable.
 */
import { describeKey, keyOf, type Resource, type ResourceKey } from "@isthmus/resources";
import type { Catalog } from "./catalog.ts";
import { StoreError } from "./errors.ts";
import type { Change, Op, Revision } from "./store.ts";
import { bareKey, created, type Stamp, updated } from "./stored-resource.ts";

type PutOp = Extract<Op, { kind: "put" }>;
type DeleteOp = Extract<Op, { kind: "delete" }>;

/** What a commit is judged against. */
interface State {
  get(key: ResourceKey, text: string): Resource | undefined;
  ownedBy(ownerText: string): Iterable<ResourceKey>;
}

export interface StagedCommit {
  /** Its own when it changes something, else that of the commit before it. */
  readonly revision: Revision;
  readonly changes: readonly Change[];
}

export class Staging implements State {
  readonly #catalog: Catalog;
  readonly #rows = new Map<string, Resource | undefined>();
  readonly #owned = new Map<string, ResourceKey[]>();
  #revision: Revision;

  constructor(catalog: Catalog, revision: Revision) {
    this.#catalog = catalog;
    this.#revision = revision;
  }

  /** Revision after all commits staged so far. */
  get revision(): Revision {
    return this.#revision;
  }

  /** Final state per key text of everything touched; undefined where the key is absent. */
  get rows(): ReadonlyMap<string, Resource | undefined> {
    return this.#rows;
  }

  get(key: ResourceKey, text: string): Resource | undefined {
    return this.#rows.has(text) ? this.#rows.get(text) : this.#catalog.get(key);
  }

  *ownedBy(ownerText: string): Iterable<ResourceKey> {
    yield* this.#catalog.ownedBy(ownerText);
    yield* this.#owned.get(ownerText) ?? [];
  }

  /** All ops or none. Throws a StoreError (or TypeError for a malformed key) and is then as before. */
  stage(ops: readonly Op[], time: string): StagedCommit {
    const draft = new CommitDraft(this, { revision: this.#revision + 1, time });
    for (const op of ops) draft.run(op);
    const changes = draft.changes();
    if (changes.length > 0) this.#revision += 1;
    for (const { key, before, after } of changes) {
      this.#rows.set(keyOf(key), after);
      if (after?.owner && after.owner !== before?.owner) append(this.#owned, keyOf(after.owner), key);
    }
    return { revision: this.#revision, changes };
  }
}

/** What one commit did to one key. */
interface Touch {
  readonly key: ResourceKey;
  readonly before: Resource | undefined;
  readonly after: Resource | undefined;
  /** Deleted on the way: what stands there now, if anything, is not the successor of `before`. */
  readonly wasDeleted: boolean;
}

class CommitDraft {
  readonly #state: State;
  readonly #stamp: Stamp;
  /**
   * In the order applied: a key that comes into being or goes moves to the end, so that whoever replays the changes
   * never meets an owned resource without its owner.
   */
  readonly #touched = new Map<string, Touch>();
  readonly #owned = new Map<string, ResourceKey[]>();
  /** What cascades of this commit removed: deleting it once more in the same commit is no error. */
  readonly #cascaded = new Map<string, Resource>();

  constructor(state: State, stamp: Stamp) {
    this.#state = state;
    this.#stamp = stamp;
  }

  run(op: Op): void {
    if (op.kind === "put") this.#put(op);
    else this.#delete(op);
  }

  changes(): readonly Change[] {
    const changes: Change[] = [];
    for (const { key, before, after } of this.#touched.values()) {
      if (before !== after) changes.push({ key, before, after });
    }
    return changes;
  }

  #put({ resource: draft, expect }: PutOp): void {
    const text = textOf(draft);
    const current = this.#get(draft, text);
    if (expect === "absent" && current) {
      throw new StoreError("ALREADY_EXISTS", `resource already exists: ${describeKey(draft)}`, { key: bareKey(draft) });
    }
    if (typeof expect === "number" && current?.version !== expect) throw versionConflict(draft, current, expect);
    if (!current) {
      this.#requireOwner(draft.owner);
      this.#record(text, bareKey(draft), created(draft, this.#stamp));
      return;
    }
    // Measured against the state before this commit, so that changing a resource and changing it back is no change.
    const touch = this.#touched.get(text);
    const origin = touch && !touch.wasDeleted ? (touch.before ?? current) : current;
    const next = updated(origin, draft, this.#stamp);
    if (next !== current) this.#record(text, touch?.key ?? bareKey(draft), next);
  }

  #delete({ key, expect }: DeleteOp): void {
    const text = textOf(key);
    const current = this.#get(key, text) ?? this.#cascaded.get(text);
    if (!current) throw new StoreError("NOT_FOUND", `resource not found: ${describeKey(key)}`, { key: bareKey(key) });
    if (expect !== undefined && current.version !== expect) throw versionConflict(key, current, expect);
    this.#remove(current, text, false);
  }

  #remove(resource: Resource, text: string, isCascade: boolean): void {
    for (const childKey of this.#ownedBy(text)) {
      const childText = keyOf(childKey);
      const child = this.#get(childKey, childText);
      if (child?.owner && keyOf(child.owner) === text) this.#remove(child, childText, true);
    }
    if (!this.#get(resource, text)) return;
    if (isCascade) this.#cascaded.set(text, resource);
    this.#record(text, this.#touched.get(text)?.key ?? bareKey(resource), undefined);
  }

  #requireOwner(owner: ResourceKey | undefined): void {
    if (!owner || this.#get(owner, textOf(owner))) return;
    throw new StoreError("NOT_FOUND", `owner not found: ${describeKey(owner)}`, { key: bareKey(owner) });
  }

  #get(key: ResourceKey, text: string): Resource | undefined {
    const touch = this.#touched.get(text);
    return touch ? touch.after : this.#state.get(key, text);
  }

  #ownedBy(ownerText: string): ResourceKey[] {
    return [...this.#state.ownedBy(ownerText), ...(this.#owned.get(ownerText) ?? [])];
  }

  #record(text: string, key: ResourceKey, after: Resource | undefined): void {
    const touch = this.#touched.get(text);
    const before = touch ? touch.before : this.#state.get(key, text);
    const wasDeleted = (touch?.wasDeleted ?? false) || after === undefined;
    if (touch && (after === undefined || touch.after === undefined)) this.#touched.delete(text);
    this.#touched.set(text, { key, before, after, wasDeleted });
    if (after?.owner && after.owner !== before?.owner) append(this.#owned, keyOf(after.owner), key);
  }
}

/** A NUL would make two keys share one text. Validation refuses such names long before; here it is a bug of the caller. */
function textOf(key: ResourceKey): string {
  if (key.type.includes("\0") || key.mesh.includes("\0") || key.name.includes("\0")) {
    throw new TypeError(`a resource key must not hold NUL: ${JSON.stringify(bareKey(key))}`);
  }
  return keyOf(key);
}

function versionConflict(key: ResourceKey, current: Resource | undefined, expected: number): StoreError {
  const found = current ? `version ${current.version}` : "nothing";
  const message = `resource conflict: ${describeKey(key)}: expected version ${expected}, found ${found}`;
  return new StoreError("VERSION_CONFLICT", message, { key: bareKey(key) });
}

function append(lists: Map<string, ResourceKey[]>, text: string, key: ResourceKey): void {
  const list = lists.get(text);
  if (list) list.push(key);
  else lists.set(text, [key]);
}
