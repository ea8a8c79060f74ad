/**
 * Closes what a control plane that died left open in the insights of its proxies, and cuts their history to the limit.
 *
 * Kuma looks every five minutes whether a counter in each open subscription has moved, so that a proxy which died with its
 * control plane stays Online for up to ten minutes, and every living proxy costs a write every two and a half. Here a
 * subscription names the instance that holds its stream, and one of an instance that does not live is closed at the start.
 * Source of what is to be achieved: kuma v2.14.3: pkg/gc/finalizer.go, pkg/core/managers/apis/dataplaneinsight.
 */
import type { Registry, Resource } from "@isthmus/resources";
import type { Clock, JsonObject, Random, Service } from "@isthmus/std";
import { type Store, StoreWriter, type Write, type WriteEvent } from "@isthmus/store";
import { closeSubscriptions, newest, subscriptionsOf } from "../subscription-list.ts";

/** Kuma's `metrics.dataplane.subscriptionLimit`. */
export const PROXY_SUBSCRIPTION_LIMIT = 2;

export interface ProxyInsightFinalizerOptions {
  readonly store: Store;
  readonly registry: Registry;
  readonly clock: Clock;
  /** For the delays between tries of a write that failed. */
  readonly random: Random;
  readonly instanceId: string;
  /** Newest subscriptions that are kept; 0: none. */
  readonly subscriptionLimit?: number;
  /** Other instances on the same store. Left out: there are none. */
  readonly isInstanceAlive?: (instanceId: string) => boolean;
  /** Must not throw. */
  readonly onEvent?: (event: WriteEvent) => void;
}

export class ProxyInsightFinalizer implements Service {
  readonly name = "proxy-insight-finalizer";
  readonly #options: ProxyInsightFinalizerOptions;
  readonly #types: readonly string[];
  readonly #writer: StoreWriter;

  constructor(options: ProxyInsightFinalizerOptions) {
    const { store, registry, clock, random, onEvent } = options;
    this.#options = options;
    this.#types = registry.all().flatMap(({ isProxy, insight }) => (isProxy && insight !== undefined ? [insight] : []));
    this.#writer = new StoreWriter({
      store,
      clock,
      random,
      pending: () =>
        this.#types.flatMap((type) => store.list(type)).flatMap((insight) => this.#finalize(insight) ?? []),
      onEvent: (event) => onEvent?.(event),
    });
  }

  /** Resolves when everything is closed that can be; what cannot be written now is tried again later. */
  async start(): Promise<void> {
    this.#writer.poke();
    await this.#writer.settled();
  }

  stop(): Promise<void> {
    return this.#writer.stop();
  }

  get isSettled(): boolean {
    return !this.#writer.isBusy;
  }

  #finalize(insight: Resource): Write | undefined {
    const { clock, subscriptionLimit = PROXY_SUBSCRIPTION_LIMIT } = this.#options;
    const spec = limited(
      closeSubscriptions(insight.spec, (each) => this.#isOfDeadInstance(each), clock.now()),
      subscriptionLimit,
    );
    return spec === insight.spec
      ? undefined
      : { op: { kind: "put", resource: { ...insight, spec }, expect: insight.version } };
  }

  #isOfDeadInstance({ controlPlaneInstanceId: instance }: JsonObject): boolean {
    const { instanceId, isInstanceAlive } = this.#options;
    if (instance === instanceId) return false;
    return typeof instance !== "string" || isInstanceAlive?.(instance) !== true;
  }
}

/** `spec` itself when there is nothing to cut. */
function limited(spec: JsonObject, limit: number): JsonObject {
  const all = subscriptionsOf(spec);
  if (all.length <= limit) return spec;
  const { subscriptions: _, ...rest } = spec;
  return limit === 0 ? rest : { subscriptions: newest(all, limit), ...rest };
}
