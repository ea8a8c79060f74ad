/**
 * One proxy, from its first stream to the end of its grace. While it is served: whether its admin port can be reached from here. When its last stream
 * is over: rounds of knocks, until it is back or its grace is over. What is gone is withdrawn, what listens again is given back.
 */
import type { ResourceKey } from "@isthmus/resources";
import { type Clock, sleep } from "@isthmus/std";
import { isOvertaken, type Store } from "@isthmus/store";
import { PROXY_RESOURCES, type ProxyCandidate } from "@isthmus/xds";
import type { KnockQueue } from "./knock-queue.ts";
import { type ListenPlaces, listenPlaces, placeText } from "./listen-places.ts";
import { pauseMs, type Verdict, verdictOf } from "./verdict.ts";
import { withPlaces } from "./with-places.ts";

export interface WatchedProxyOptions {
  readonly store: Pick<Store, "get" | "commit">;
  readonly clock: Clock;
  readonly queue: Pick<KnockQueue, "knock">;
  /** For how long a lost proxy is looked for. */
  readonly graceMs: number;
  /** A ZoneIngress or ZoneEgress is gone, which has no state that would say so. */
  readonly onZoneProxyGone: (proxy: ProxyCandidate) => void;
  readonly onEvent: (event: LostProxyEvent) => void;
}

export type LostProxyEvent =
  /** `places`: where nobody listens any more, or somebody does again. */
  | { readonly kind: "withdrawn" | "restored"; readonly key: ResourceKey; readonly places: readonly string[] }
  /** A state could not be stored; the next round tries again. */
  | { readonly kind: "failed"; readonly key: ResourceKey; readonly error: unknown };

/** One after another, from the begin of a stream on: Envoy listens when it has its configuration. */
const REACH_DELAYS_MS: readonly number[] = [500, 2_000, 8_000, 32_000, 128_000];

export class WatchedProxy {
  readonly #options: WatchedProxyOptions;
  /** Places that were ready and are not, because of what was found here. */
  readonly #withdrawn = new Set<string>();
  #proxy: ProxyCandidate;
  #isLost = false;
  /** The admin port that was reached. */
  #reached: string | undefined;
  #running: AbortController | undefined;

  constructor(proxy: ProxyCandidate, options: WatchedProxyOptions) {
    this.#proxy = proxy;
    this.#options = options;
  }

  /** It is served, and its admin port was reached. */
  get isReachable(): boolean {
    return this.#reached !== undefined && !this.#isLost;
  }

  served(proxy: ProxyCandidate): void {
    this.#proxy = proxy;
    this.#isLost = false;
    this.#withdrawn.clear();
    void this.#run((signal) => this.#reach(signal));
  }

  /** It is about to be served: from here on nothing is written, as what it brings says everything. */
  returning(): void {
    if (this.#isLost) this.stop();
  }

  /** Resolves with whether it was looked for until the end. Never rejects. */
  lost(proxy: ProxyCandidate): Promise<boolean> {
    this.#proxy = proxy;
    this.#isLost = true;
    return this.#run((signal) => this.#search(signal));
  }

  stop(): void {
    this.#running?.abort();
    this.#running = undefined;
  }

  async #run(task: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    this.stop();
    const running = new AbortController();
    this.#running = running;
    await task(running.signal);
    if (this.#running === running) this.#running = undefined;
    return !running.signal.aborted;
  }

  async #reach(signal: AbortSignal): Promise<void> {
    for (const delayMs of REACH_DELAYS_MS) {
      await sleep(this.#options.clock, delayMs, signal);
      const places = signal.aborted ? undefined : this.#places();
      if (places === undefined) return;
      const outcome = await this.#options.queue.knock(places.admin, "reach");
      if (signal.aborted) return;
      this.#reached = outcome === "accepted" ? placeText(places.admin) : undefined;
      if (this.#reached !== undefined) return;
    }
  }

  async #search(signal: AbortSignal): Promise<void> {
    const { clock, graceMs } = this.#options;
    const lostAt = clock.monotonic();
    for (let ms = 0; ms < graceMs && !signal.aborted; ms = clock.monotonic() - lostAt) {
      const places = this.#places();
      // Of another address, or one that was never reached, a refusal may come from anybody.
      if (places === undefined || placeText(places.admin) !== this.#reached) return;
      const verdict = await this.#round(places);
      if (signal.aborted) return;
      if (this.#proxy.id.type === "dataplane") await this.#apply(verdict, signal);
      else if (verdict.gone.length === places.traffic.length) return this.#zoneProxyGone(verdict);
      await sleep(clock, pauseMs(clock.monotonic() - lostAt), signal);
    }
  }

  async #round({ admin, traffic }: ListenPlaces): Promise<Verdict> {
    const { queue } = this.#options;
    const ofAdmin = await queue.knock(admin, "lost");
    const isAsked = ofAdmin === "refused" || this.#withdrawn.size > 0;
    const knocked = (isAsked ? traffic : []).map(
      async (place) => [placeText(place), await queue.knock(place, "proof")] as const,
    );
    return verdictOf(ofAdmin, new Map(await Promise.all(knocked)), this.#withdrawn);
  }

  #zoneProxyGone({ gone }: Verdict): void {
    const { onZoneProxyGone, onEvent } = this.#options;
    onEvent({ kind: "withdrawn", key: this.#key, places: gone });
    onZoneProxyGone(this.#proxy);
  }

  /** What was not ready before is no concern of ours, now or later. */
  async #apply({ gone, back }: Verdict, signal: AbortSignal): Promise<void> {
    const { store, onEvent } = this.#options;
    const found = [...gone.map((place) => [place, false] as const), ...back.map((place) => [place, true] as const)];
    while (!signal.aborted) {
      const stored = store.get(this.#key);
      const changes = found.filter(
        ([place, isReady]) =>
          stored !== undefined && withPlaces(stored.spec, new Map([[place, isReady]])) !== undefined,
      );
      const spec = stored === undefined ? undefined : withPlaces(stored.spec, new Map(changes));
      if (stored === undefined || spec === undefined) return;
      try {
        await store.commit([{ kind: "put", resource: { ...stored, spec }, expect: stored.version }]);
      } catch (error) {
        if (isOvertaken(error)) continue;
        return onEvent({ kind: "failed", key: this.#key, error });
      }
      return this.#changed(changes, signal);
    }
  }

  #changed(changes: readonly (readonly [place: string, isReady: boolean])[], signal: AbortSignal): void {
    for (const [place, isReady] of signal.aborted ? [] : changes) {
      if (isReady) this.#withdrawn.delete(place);
      else this.#withdrawn.add(place);
    }
    for (const [kind, isMeant] of [
      ["withdrawn", false],
      ["restored", true],
    ] as const) {
      const places = changes.flatMap(([place, isReady]) => (isReady === isMeant ? [place] : []));
      if (places.length > 0) this.#options.onEvent({ kind, key: this.#key, places });
    }
  }

  #places(): ListenPlaces | undefined {
    const resource = this.#options.store.get(this.#key);
    return resource === undefined ? undefined : listenPlaces(resource, this.#proxy);
  }

  get #key(): ResourceKey {
    const { type, mesh, name } = this.#proxy.id;
    return { type: PROXY_RESOURCES[type].resource, mesh, name };
  }
}
