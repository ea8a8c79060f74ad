/** Endpoint sets of this zone over REST: the same functions that the proxies' configuration comes from, asked by people. */
import type {
  DataplaneEndpoints,
  Explanation,
  Topology,
  WhatIfReport,
  WhatIfRequest,
  ZoneProxyEndpoints,
} from "@isthmus/api";
import type { ExplainQuestion, TopologyApi, WhatIfFailure } from "@isthmus/api-server";
import type { Violation } from "@isthmus/resources";
import { ok, type Result } from "@isthmus/std";
import { endpointsFor, explain, findTarget } from "@isthmus/topology";
import { dataplaneAnswer, zoneEgressAnswer, zoneIngressAnswer } from "./endpoints-answer.ts";
import type { TopologySource } from "./topology-source.ts";

export interface ZoneTopologyApiOptions {
  readonly source: Pick<TopologySource, "world" | "dump" | "problems">;
  readonly whatIf: TopologyApi["whatIf"];
  /** How long ago another zone was last heard of; undefined where that is not known. */
  readonly syncAgeSeconds?: (zone: string) => number | undefined;
}

export class ZoneTopologyApi implements TopologyApi {
  readonly #options: ZoneTopologyApiOptions;

  constructor(options: ZoneTopologyApiOptions) {
    this.#options = options;
  }

  explain(
    mesh: string,
    dataplane: string,
    question: ExplainQuestion,
  ): Result<Explanation, readonly Violation[]> | undefined {
    const { source, syncAgeSeconds } = this.#options;
    const world = source.world();
    const client = world.proxy(mesh, dataplane);
    if (client === undefined) return undefined;
    const target = findTarget(question, mesh, world);
    if (!target.ok) return target;
    const set = endpointsFor(client, target.value.service, target.value.port, world);
    return ok(explain(set, world, { client, ...(syncAgeSeconds === undefined ? {} : { syncAgeSeconds }) }));
  }

  async dataplaneEndpoints(mesh: string, name: string): Promise<DataplaneEndpoints | undefined> {
    const { source } = this.#options;
    const proxy = source.world().proxy(mesh, name);
    return proxy === undefined ? undefined : dataplaneAnswer(proxy, () => source.world());
  }

  zoneIngressEndpoints(name: string): ZoneProxyEndpoints | undefined {
    const world = this.#options.source.world();
    const ingress = world.zoneIngresses().find((each) => each.name === name);
    return ingress === undefined ? undefined : zoneIngressAnswer(ingress, world);
  }

  zoneEgressEndpoints(name: string): ZoneProxyEndpoints | undefined {
    const world = this.#options.source.world();
    const egress = world.zoneEgresses().find((each) => each.name === name);
    return egress === undefined ? undefined : zoneEgressAnswer(egress, world);
  }

  topology(): Topology {
    const { source } = this.#options;
    return { collections: source.dump(), problems: source.problems() };
  }

  whatIf(down: WhatIfRequest["down"]): Promise<Result<WhatIfReport, WhatIfFailure>> {
    return this.#options.whatIf(down);
  }
}
