/**
 * `localityAwareness` of a MeshLoadBalancingStrategy, read once from the merged configuration. Members of a wrong type count
 * as absent; writes are validated where they arrive.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshloadbalancingstrategy/api/v1alpha1/meshloadbalancingstrategy.go.
 */
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";

export interface LocalityAwareness {
  /** Zones do not matter. Without effect when `localZone` or `crossZone` is set. */
  readonly disabled: boolean;
  readonly localZone: LocalZone | undefined;
  readonly crossZone: CrossZone | undefined;
}

export interface LocalZone {
  readonly affinityTags: readonly AffinityTag[];
}

export interface AffinityTag {
  readonly key: string;
  readonly weight: number | undefined;
}

export interface CrossZone {
  /** In order: the first rule that fits an endpoint gives its priority. */
  readonly failover: readonly FailoverRule[];
  readonly failoverThreshold: { readonly percentage: number } | undefined;
}

export interface FailoverRule {
  /** Zones of the clients that the rule is for; undefined: all. */
  readonly from: { readonly zones: readonly string[] } | undefined;
  readonly to: FailoverTarget;
}

export interface FailoverTarget {
  readonly type: "None" | "Only" | "Any" | "AnyExcept";
  readonly zones: readonly string[];
}

/** undefined when the configuration says nothing about localities. */
export function localityAwarenessOf(conf: JsonObject): LocalityAwareness | undefined {
  const { localityAwareness: value } = conf;
  if (!isJsonObject(value)) return undefined;
  return {
    disabled: value.disabled === true,
    localZone: isJsonObject(value.localZone) ? { affinityTags: affinityTags(value.localZone) } : undefined,
    crossZone: isJsonObject(value.crossZone) ? crossZone(value.crossZone) : undefined,
  };
}

function affinityTags(localZone: JsonObject): readonly AffinityTag[] {
  return objects(localZone.affinityTags).map(({ key, weight }) => ({
    key: typeof key === "string" ? key : "",
    weight: typeof weight === "number" ? weight : undefined,
  }));
}

function crossZone({ failover, failoverThreshold: threshold }: JsonObject): CrossZone {
  const percentage = isJsonObject(threshold) ? decimal(threshold.percentage) : undefined;
  return {
    failover: objects(failover).map(({ from, to }) => ({
      from: isJsonObject(from) ? { zones: texts(from.zones) } : undefined,
      to: isJsonObject(to) ? { type: targetType(to.type), zones: texts(to.zones) } : { type: "None", zones: [] },
    })),
    failoverThreshold: percentage === undefined ? undefined : { percentage },
  };
}

/** A type that is unknown leads nowhere, as `None` does. */
function targetType(type: JsonValue | undefined): FailoverTarget["type"] {
  return type === "Only" || type === "Any" || type === "AnyExcept" ? type : "None";
}

/** A number or the text of one, as Kubernetes' IntOrString. */
function decimal(value: JsonValue | undefined): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value)) return undefined;
  return Number(value);
}

function objects(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function texts(value: JsonValue | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
