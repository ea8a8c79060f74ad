/**
 * Health of the Dataplanes in the store: what is to be checked follows from each, and reports change its inbounds. A report is
 * compared with the stored resource each time it comes, at least once a second, so nothing that got lost or was overwritten stays so.
 */
import type { Resource, ResourceKey } from "@isthmus/resources";
import type { Clock } from "@isthmus/std";
import { isOvertaken, type Store } from "@isthmus/store";
import type { ProxyCandidate } from "../admission.ts";
import { PROXY_RESOURCES } from "../node/proxy-id.ts";
import { FirstChecks } from "./first-checks.ts";
import { type HealthChecks, type HealthSettings, healthChecksOf } from "./health-checks.ts";
import { withHealth } from "./health-report.ts";
import type { FollowedHealth, HealthTarget } from "./health-service.ts";
import type { ClusterHealth } from "./health-wire.ts";
import { ReportPace } from "./report-pace.ts";

export interface DataplaneHealthOptions {
  readonly store: Pick<Store, "get" | "commit" | "subscribe">;
  readonly settings: HealthSettings;
  readonly clock: Clock;
  /** A state was stored: how many inbounds are ready now. */
  readonly onChanged?: (dataplane: ResourceKey) => void;
  /** A state could not be stored; the next report tries again. */
  readonly onError: (error: unknown) => void;
}

/** Of a proxy that starts, until all is healthy, though not for ever: it is to serve as soon as it can. */
const STARTING_INTERVAL_MS = 50;
const STARTING_REPORTS = 40;

export class DataplaneHealth implements HealthTarget {
  readonly #options: DataplaneHealthOptions;
  readonly #followers = new Map<string, Set<Follower>>();
  readonly #pace: ReportPace;
  #unsubscribe: (() => void) | undefined;

  constructor(options: DataplaneHealthOptions) {
    this.#options = options;
    this.#pace = new ReportPace(options.settings.intervalMs);
  }

  follow(proxy: ProxyCandidate, push: (checks: HealthChecks) => void): FollowedHealth {
    const { type, mesh, name } = proxy.id;
    const follower = new Follower({
      ...this.#options,
      key: { type: PROXY_RESOURCES[type].resource, mesh, name },
      proxy,
      push,
      pace: this.#pace,
      onPaceChanged: () => this.#sayAgain(),
    });
    const key = keyText(follower.key);
    const followers = this.#followers.get(key) ?? new Set();
    this.#followers.set(key, followers.add(follower));
    this.#unsubscribe ??= this.#options.store.subscribe(({ changes }) => {
      for (const change of changes) this.#changed(change.key);
    });
    follower.changed();
    return {
      report: (clusters) => follower.report(clusters),
      stop: () => this.#stop(key, follower),
    };
  }

  #sayAgain(): void {
    for (const followers of this.#followers.values()) for (const follower of followers) follower.say();
  }

  #changed(key: ResourceKey): void {
    for (const follower of this.#followers.get(keyText(key)) ?? []) follower.changed();
  }

  #stop(key: string, follower: Follower): void {
    follower.stop();
    const followers = this.#followers.get(key);
    followers?.delete(follower);
    if (followers?.size === 0) this.#followers.delete(key);
    if (this.#followers.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }
}

interface FollowerOptions extends DataplaneHealthOptions {
  readonly key: ResourceKey;
  readonly proxy: ProxyCandidate;
  readonly push: (checks: HealthChecks) => void;
  readonly pace: ReportPace;
  readonly onPaceChanged: () => void;
}

class Follower {
  readonly key: ResourceKey;
  readonly #options: FollowerOptions;
  readonly #firstChecks: FirstChecks;
  #checks: HealthChecks | undefined;
  #report: readonly ClusterHealth[] = [];
  #reports = 0;
  #isStarting = true;
  #isPaced = false;
  #isWriting = false;
  #isStopped = false;

  constructor(options: FollowerOptions) {
    this.key = options.key;
    this.#options = options;
    this.#firstChecks = new FirstChecks(options.clock);
  }

  changed(): void {
    const { store, proxy, settings } = this.#options;
    const dataplane = store.get(this.key);
    if (dataplane === undefined || this.#isStopped) return;
    this.#checks = healthChecksOf(dataplane, proxy.metadata, settings);
    this.#firstChecks.asked(this.#checks.checks);
    this.#setPaced(this.#checks.checks.length > 1);
    this.say();
    this.#apply();
  }

  report(clusters: readonly ClusterHealth[]): void {
    this.#report = this.#firstChecks.judge(clusters);
    this.#reports += 1;
    if (this.#isStarting && (this.#reports === STARTING_REPORTS || this.#report.every(({ isHealthy }) => isHealthy))) {
      this.#isStarting = false;
      this.say();
    }
    this.#apply();
  }

  stop(): void {
    this.#isStopped = true;
    this.#setPaced(false);
  }

  say(): void {
    if (this.#checks === undefined || this.#isStopped) return;
    const { push, pace } = this.#options;
    if (!this.#isPaced) return push(this.#checks);
    const reportIntervalMs = this.#isStarting ? Math.min(STARTING_INTERVAL_MS, pace.intervalMs) : pace.intervalMs;
    push({ ...this.#checks, reportIntervalMs });
  }

  /** Whether an application is checked, so that there is something to hear of soon. */
  #setPaced(isPaced: boolean): void {
    if (isPaced === this.#isPaced) return;
    this.#isPaced = isPaced;
    const { pace, onPaceChanged } = this.#options;
    if (pace.change(isPaced ? 1 : -1)) onPaceChanged();
  }

  #apply(): void {
    if (this.#isWriting || this.#isStopped || this.#report.length === 0) return;
    const next = this.#next();
    if (next === undefined) return;
    this.#isWriting = true;
    void this.#write(next).finally(() => {
      this.#isWriting = false;
    });
  }

  /** What the report makes of the stored resource; undefined: nothing. */
  #next(): { readonly stored: Resource; readonly spec: Resource["spec"] } | undefined {
    const stored = this.#options.store.get(this.key);
    const spec = stored === undefined ? undefined : withHealth(stored.spec, this.#report);
    return stored === undefined || spec === undefined ? undefined : { stored, spec };
  }

  /** Goes on until the stored resource is what the latest report says. Never rejects. */
  async #write(first: { readonly stored: Resource; readonly spec: Resource["spec"] }): Promise<void> {
    const { store, onChanged, onError } = this.#options;
    for (let next: typeof first | undefined = first; next !== undefined && !this.#isStopped; next = this.#next()) {
      const { labels, status, opaqueSpec } = next.stored;
      const resource = {
        ...this.key,
        labels,
        spec: next.spec,
        ...(status === undefined ? {} : { status }),
        ...(opaqueSpec === undefined ? {} : { opaqueSpec }),
      };
      try {
        await store.commit([{ kind: "put", resource, expect: next.stored.version }]);
        onChanged?.(this.key);
      } catch (error) {
        if (isOvertaken(error)) continue;
        onError(error);
        return;
      }
    }
  }
}

function keyText({ type, mesh, name }: ResourceKey): string {
  return `${type} ${mesh}.${name}`;
}
