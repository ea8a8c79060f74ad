/**
 * The running sums of one mesh. A change adds and takes away what it changes, whatever the size of the mesh; what insights
 * show is made from the sums when it is to be written.
 *
 * Counting anew for each change is how Kuma does it, and why it may only do so once a second.
 * Source of the shapes: kuma v2.14.3: api/mesh/v1alpha1/mesh_insight.proto, service_insight.proto.
 */
import type { JsonObject } from "@isthmus/std";
import type { DataplaneFacts, ProxyKind } from "./dataplane-facts.ts";
import { KeyedProxyCounts, nonZero, ProxyCounts, present, type Sign, sortedJson, Tallies } from "./proxy-counts.ts";
import { type ExternalFacts, ServiceTally } from "./service-tally.ts";

export class MeshTally {
  readonly #proxies: Readonly<Record<ProxyKind, ProxyCounts>> = {
    standard: new ProxyCounts(),
    gatewayBuiltin: new ProxyCounts(),
    gatewayDelegated: new ProxyCounts(),
  };
  readonly #kumaDp = new KeyedProxyCounts();
  readonly #envoy = new KeyedProxyCounts();
  readonly #issued = new KeyedProxyCounts();
  readonly #supported = new KeyedProxyCounts();
  readonly #services = new Map<string, ServiceTally>();
  readonly #resources = new Tallies();
  #externals = 0;
  /** Services that some proxy claims to be. */
  #internals = 0;
  #meshShown: { readonly isExclusive: boolean; readonly json: JsonObject } | undefined;
  #servicesShown: { readonly isExclusive: boolean; readonly json: JsonObject } | undefined;

  /** What was counted is taken back as a whole: resources that are gone at once, facts about them with the next batch. */
  get isEmpty(): boolean {
    const proxies = Object.values(this.#proxies).reduce((sum, counts) => sum + counts.total, 0);
    return this.#resources.isEmpty && this.#services.size === 0 && this.#externals === 0 && proxies === 0;
  }

  get serviceCount(): number {
    return this.#services.size;
  }

  countProxy(facts: DataplaneFacts, sign: Sign): void {
    const { status, kind, mTls } = facts;
    this.#meshShown = undefined;
    this.#proxies[kind].count(status, sign);
    this.#kumaDp.count(facts.kumaDpVersion, status, sign);
    this.#envoy.count(facts.envoyVersion, status, sign);
    if (mTls !== undefined) {
      this.#issued.count(mTls.issued, status, sign);
      for (const backend of mTls.supported) this.#supported.count(backend, status, sign);
    }
    for (const use of facts.services) {
      this.#changeService(use.name, (service) => service.count(use, status, mTls?.issued ?? "", sign));
    }
  }

  /** `name`: of the ExternalService. */
  countExternal(name: string, facts: ExternalFacts, sign: Sign): void {
    this.#meshShown = undefined;
    this.#externals += sign;
    this.#changeService(facts.service, (service) => service.setExternal(name, sign === 1 ? facts : undefined));
  }

  countResource(type: string, sign: Sign): void {
    this.#meshShown = undefined;
    this.#resources.count(type, sign);
  }

  /** Spec of the MeshInsight; the same object until something changes. */
  meshInsight(isExclusive: boolean, isPolicy: (type: string) => boolean): JsonObject {
    if (this.#meshShown?.isExclusive !== isExclusive) {
      this.#meshShown = { isExclusive, json: this.#renderMesh(isExclusive, isPolicy) };
    }
    return this.#meshShown.json;
  }

  /** Spec of the ServiceInsight; the same object until something changes. */
  serviceInsight(isExclusive: boolean): JsonObject {
    if (this.#servicesShown?.isExclusive !== isExclusive) {
      this.#servicesShown = { isExclusive, json: this.#renderServices(isExclusive) };
    }
    return this.#servicesShown.json;
  }

  #changeService(name: string, change: (service: ServiceTally) => void): void {
    if (name === "") return;
    this.#servicesShown = undefined;
    const service = this.#services.get(name) ?? new ServiceTally();
    const had = service.hasProxies ? 1 : 0;
    change(service);
    this.#internals += (service.hasProxies ? 1 : 0) - had;
    if (service.isEmpty) this.#services.delete(name);
    else this.#services.set(name, service);
  }

  /** Members in order of Kuma's field numbers. */
  #renderMesh(isExclusive: boolean, isPolicy: (type: string) => boolean): JsonObject {
    const { standard, gatewayBuiltin, gatewayDelegated } = this.#proxies;
    const counts = this.#resources.entries();
    const policies = new Map([...counts].filter(([type]) => isPolicy(type)));
    const total = (count: number): JsonObject => ({ total: count });
    return {
      dataplanes: ProxyCounts.sum(standard, gatewayBuiltin, gatewayDelegated).toJson(),
      ...present({ policies: sortedJson(policies, total) }),
      dpVersions: present({ kumaDp: this.#kumaDp.toJson(), envoy: this.#envoy.toJson() }),
      mTLS: present({ issuedBackends: this.#issued.toJson(), supportedBackends: this.#supported.toJson() }),
      ...(isExclusive ? {} : { services: this.#serviceCounts() }),
      dataplanesByType: {
        standard: standard.toJson(),
        gateway: ProxyCounts.sum(gatewayBuiltin, gatewayDelegated).toJson(),
        gatewayBuiltin: gatewayBuiltin.toJson(),
        gatewayDelegated: gatewayDelegated.toJson(),
      },
      ...present({ resources: sortedJson(counts, total) }),
    };
  }

  #serviceCounts(): JsonObject {
    const internal = this.#internals;
    const external = this.#externals;
    return nonZero({ total: internal + external, internal, external });
  }

  #renderServices(isExclusive: boolean): JsonObject {
    const shown = new Map<string, JsonObject>();
    for (const [name, service] of this.#services) {
      const json = service.toJson(isExclusive);
      if (json !== undefined) shown.set(name, json);
    }
    return present({ services: sortedJson(shown, (json) => json) });
  }
}
