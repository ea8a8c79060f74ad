/** Everything that insights of meshes show, kept up to date commit by commit; nothing is stored, nothing waits. */
import { type Change, Reactor, type ReactorFailure } from "@isthmus/reactor";
import type { Registry, TypeDescriptor } from "@isthmus/resources";
import type { Clock, JsonObject } from "@isthmus/std";
import type { CommitEvent, Store } from "@isthmus/store";
import type { DataplaneFacts } from "./dataplane-facts.ts";
import { factKey, type InsightCollections, insightCollections, type MeshFacts } from "./insight-collections.ts";
import { INSIGHT_KINDS, type InsightKind } from "./insight-document.ts";
import { MeshTally } from "./mesh-tally.ts";
import type { Sign } from "./proxy-counts.ts";
import type { ExternalFacts } from "./service-tally.ts";

export interface MeshSumsOptions {
  readonly registry: Registry;
  readonly clock: Clock;
  /** What insights of these kinds of this mesh show may have changed. */
  readonly onChange: (mesh: string, kinds: readonly InsightKind[]) => void;
  readonly onDefect: (failure: ReactorFailure) => void;
}

export class MeshSums {
  readonly #options: MeshSumsOptions;
  readonly #reactor: Reactor;
  readonly #collections: InsightCollections;
  /** Types that are counted. */
  readonly #counted: ReadonlyMap<string, TypeDescriptor>;
  /** By mesh, also of those that have no Mesh yet. */
  readonly #tallies = new Map<string, MeshTally>();

  constructor(options: MeshSumsOptions) {
    this.#options = options;
    // Flushed by the owner, for all commits of a turn at once.
    this.#reactor = new Reactor({ clock: options.clock, schedule: () => {}, onError: options.onDefect });
    this.#collections = insightCollections(this.#reactor);
    const { dataplanes, externals, meshes } = this.#collections;
    dataplanes.subscribe((changes) => this.#onDataplanes(changes));
    externals.subscribe((changes) => this.#onExternals(changes));
    meshes.subscribe((changes) => this.#onMeshes(changes));
    const types = options.registry.all().filter(({ name, scope }) => scope === "Mesh" && !name.endsWith("Insight"));
    this.#counted = new Map(types.map((type) => [type.name, type]));
  }

  /** Counts what is stored. Commits from now on are to be given to `apply`. */
  load(store: Pick<Store, "list">): void {
    for (const [type, source] of this.#collections.sources) {
      source.replace(store.list(type).map((resource) => [factKey(resource), resource]));
    }
    for (const type of this.#counted.keys()) {
      for (const { mesh } of store.list(type)) this.#tallyOf(mesh).countResource(type, 1);
    }
    this.flush();
  }

  apply({ changes }: CommitEvent): void {
    for (const { key, before, after } of changes) {
      const source = this.#collections.sources.get(key.type);
      if (after === undefined) source?.delete(factKey(key));
      else source?.set(factKey(key), after);
      if (!this.#counted.has(key.type) || (before === undefined) === (after === undefined)) continue;
      this.#tallyOf(key.mesh).countResource(key.type, before === undefined ? 1 : -1);
      this.#changed(key.mesh, ["MeshInsight"]);
    }
  }

  /** Brings the sums up to date with what was applied. */
  flush(): void {
    this.#reactor.flush();
  }

  /** Spec of an insight, the same object until it changes; undefined: there is no such Mesh. */
  insight(kind: InsightKind, mesh: string): JsonObject | undefined {
    const facts = this.#collections.meshes.get(mesh);
    if (facts === undefined) return undefined;
    const tally = this.#tallyOf(mesh);
    return kind === "ServiceInsight"
      ? tally.serviceInsight(facts.isExclusive)
      : tally.meshInsight(facts.isExclusive, (type) => this.#counted.get(type)?.policy !== undefined);
  }

  serviceCount(mesh: string): number {
    return this.#tallies.get(mesh)?.serviceCount ?? 0;
  }

  #onDataplanes(changes: readonly Change<DataplaneFacts>[]): void {
    for (const { before, after } of changes) {
      for (const [facts, sign] of signed(before, after)) {
        this.#tallyOf(facts.mesh).countProxy(facts, sign);
        this.#changed(facts.mesh);
      }
    }
  }

  #onExternals(changes: readonly Change<ExternalFacts>[]): void {
    for (const { key, before, after } of changes) {
      for (const [facts, sign] of signed(before, after)) {
        this.#tallyOf(facts.mesh).countExternal(key, facts, sign);
        this.#changed(facts.mesh);
      }
    }
  }

  #onMeshes(changes: readonly Change<MeshFacts>[]): void {
    for (const { key } of changes) this.#changed(key);
  }

  #changed(mesh: string, kinds: readonly InsightKind[] = INSIGHT_KINDS): void {
    const isUnused = this.#tallies.get(mesh)?.isEmpty === true && !this.#collections.meshes.has(mesh);
    if (isUnused) this.#tallies.delete(mesh);
    this.#options.onChange(mesh, kinds);
  }

  #tallyOf(mesh: string): MeshTally {
    const tally = this.#tallies.get(mesh) ?? new MeshTally();
    this.#tallies.set(mesh, tally);
    return tally;
  }
}

/** What was counted before is taken back first. */
function signed<F>(before: F | undefined, after: F | undefined): readonly (readonly [F, Sign])[] {
  return [
    ...(before === undefined ? [] : ([[before, -1]] as const)),
    ...(after === undefined ? [] : ([[after, 1]] as const)),
  ];
}
