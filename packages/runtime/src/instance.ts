/** What every control plane is made of before it has a role: identity, folder, metrics, types and the open store. */
import { hostname } from "node:os";
import { builtinTypes, Registry, type ResourceKey } from "@isthmus/resources";
import { type Clock, systemClock } from "@isthmus/std";
import type { Store } from "@isthmus/store";
import { bindInstanceMetrics, bindLogMetrics } from "./bind-metrics.ts";
import { CertificateMetrics } from "./certificate-metrics.ts";
import type { Config } from "./config/schema.ts";
import { KUMA_PRODUCT, KUMA_VERSION, newInstanceId } from "./identity.ts";
import type { Logger } from "./log.ts";
import { Metrics } from "./metrics.ts";
import { openStore } from "./open-store.ts";
import { bindProcessMetrics } from "./process-metrics.ts";
import { workFolder } from "./work-folder.ts";

const CLUSTER_ID: ResourceKey = { type: "Config", mesh: "", name: "kuma-cluster-id" };

export interface Instance {
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  readonly instanceId: string;
  /** Certificates and data. */
  readonly folder: string;
  readonly metrics: Metrics;
  readonly certificates: CertificateMetrics;
  readonly registry: Registry;
  readonly store: Store;
  /** Identity of the deployment; "" on a zone that has not heard from its global yet. */
  readonly clusterId: () => string;
  /** What `GET /` answers. */
  readonly index: () => {
    readonly hostname: string;
    readonly product: string;
    readonly version: string;
    readonly instanceId: string;
    readonly clusterId: string;
    readonly gui: string;
  };
}

/** @throws {StoreError} when the data folder is damaged, foreign, in use or cannot be written */
export async function openInstance(
  role: { readonly name: string; readonly zoneLabel: string },
  config: Config,
  log: Logger,
): Promise<Instance> {
  const clock = systemClock;
  const instanceId = newInstanceId();
  const folder = workFolder(config, role.name);
  const metrics = new Metrics(role.zoneLabel);
  const registry = new Registry(builtinTypes);
  bindLogMetrics(metrics, log);
  bindProcessMetrics(metrics);
  const store = await openStore({ config, folder, clock, metrics, log });
  const clusterId = (): string => {
    const id = store.get(CLUSTER_ID)?.spec["config"];
    return typeof id === "string" ? id : "";
  };
  bindInstanceMetrics(metrics, { instanceId, clusterId, store, registry });
  const identity = { hostname: hostname(), product: KUMA_PRODUCT, version: KUMA_VERSION, instanceId, gui: "" };
  return {
    config,
    log,
    clock,
    instanceId,
    folder,
    metrics,
    certificates: new CertificateMetrics(metrics),
    registry,
    store,
    clusterId,
    index: () => ({ ...identity, clusterId: clusterId() }),
  };
}
