/**
 * MeshHealthCheck: requests by which the proxy itself finds out which endpoints answer.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshhealthcheck.
 */
import { tagValues } from "@isthmus/policy";
import type { Cluster_CommonLbConfigJson } from "@isthmus/proto/envoy/config/cluster/v3/cluster";
import type { HealthCheckJson } from "@isthmus/proto/envoy/config/core/v3/health_check";
import { flagOf, textOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { durationOf } from "../build/durations.ts";
import { percentOf, uintOf } from "../build/numbers.ts";
import { typed } from "../draft/any.ts";
import type { ClusterDraft } from "../draft/draft.ts";
import { exposedPort } from "../zone-proxy/forwarding.ts";
import type { Feature, FeatureContext } from "./feature.ts";
import { healthChecker } from "./health-checkers.ts";

const TYPE = "MeshHealthCheck";
const INTERVAL = "60s";
const TIMEOUT = "15s";
const UNHEALTHY_THRESHOLD = 5;
const HEALTHY_THRESHOLD = 1;
const FILE_SINK = "envoy.extensions.health_check.event_sinks.file.v3.HealthCheckEventFileSink";

export const meshHealthCheck: Feature = (draft, context) => {
  const tags = context.policies.proxy === undefined ? {} : tagValues(context.policies.proxy);
  for (const cluster of draft.clusters) {
    const spoken = spokenOf(cluster, context);
    if (spoken === undefined) continue;
    const { conf, protocol } = spoken;
    configurePanic(cluster, conf);
    const checker = healthChecker(protocol, conf, tags);
    if (checker !== undefined) cluster.json.healthChecks = [{ ...timingOf(conf), ...checker }];
  }
};

interface Spoken {
  readonly conf: JsonObject;
  readonly protocol: string;
}

/** Undefined: nobody speaks of what is behind the cluster. */
function spokenOf({ role }: ClusterDraft, { policies, translation }: FeatureContext): Spoken | undefined {
  switch (role.kind) {
    case "outbound":
    case "legacyOutbound": {
      const conf = policies.to(TYPE, role);
      return conf === undefined ? undefined : { conf, protocol: role.protocol };
    }
    case "zoneEgress": {
      const conf = policies.toExternal(TYPE, role.exposure);
      const protocol = exposedPort(role.exposure, translation.world)?.port.protocol ?? "tcp";
      return conf === undefined ? undefined : { conf, protocol };
    }
    default:
      return undefined;
  }
}

/** Envoy can fail requests in a panic only where it does not share them by the weight of localities. */
function configurePanic({ json }: ClusterDraft, conf: JsonObject): void {
  const threshold = percentOf(conf, "healthyPanicThreshold");
  const isFailing = "failTrafficOnPanic" in conf && json.commonLbConfig?.localityWeightedLbConfig === undefined;
  const config: Cluster_CommonLbConfigJson = {
    ...json.commonLbConfig,
    ...(threshold === undefined ? {} : { healthyPanicThreshold: { value: threshold } }),
    ...(isFailing ? { zoneAwareLbConfig: { failTrafficOnPanic: flagOf(conf, "failTrafficOnPanic") } } : {}),
  };
  if (Object.keys(config).length > 0) json.commonLbConfig = config;
}

function timingOf(conf: JsonObject): HealthCheckJson {
  const initialJitter = durationOf(conf, "initialJitter");
  const intervalJitter = durationOf(conf, "intervalJitter");
  const intervalJitterPercent = uintOf(conf, "intervalJitterPercent");
  const noTrafficInterval = durationOf(conf, "noTrafficInterval");
  const eventLogPath = textOf(conf, "eventLogPath");
  return {
    interval: durationOf(conf, "interval") ?? INTERVAL,
    timeout: durationOf(conf, "timeout") ?? TIMEOUT,
    unhealthyThreshold: uintOf(conf, "unhealthyThreshold") ?? UNHEALTHY_THRESHOLD,
    healthyThreshold: uintOf(conf, "healthyThreshold") ?? HEALTHY_THRESHOLD,
    ...(initialJitter === undefined ? {} : { initialJitter }),
    ...(intervalJitter === undefined ? {} : { intervalJitter }),
    ...(intervalJitterPercent === undefined ? {} : { intervalJitterPercent }),
    ...(noTrafficInterval === undefined ? {} : { noTrafficInterval }),
    ...("reuseConnection" in conf ? { reuseConnection: flagOf(conf, "reuseConnection") } : {}),
    ...(flagOf(conf, "alwaysLogHealthCheckFailures") ? { alwaysLogHealthCheckFailures: true } : {}),
    ...(eventLogPath === ""
      ? {}
      : {
          eventLogger: [
            { name: "envoy.health_check.event_sinks.file", typedConfig: typed(FILE_SINK, { eventLogPath }) },
          ],
        }),
  };
}
