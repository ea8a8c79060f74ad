/**
 * Which of Envoy's metrics are given out: a profile, then what is excluded, then what is included after all.
 * Source: kuma v2.14.3: app/kuma-dp/pkg/dataplane/metrics/profiles.go.
 */
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import type { MetricFamily } from "./prometheus-text.ts";

type Matcher = (text: string) => boolean;

/** Golden signals, and what dashboards show; words of names. */
const BASIC_PARTS = (
  "rq_time cx_length_ms cx_count _rq bytes timeout health_check lb_healthy_panic cx_destroy error fail reset eject overflow cancelled " +
  "max_duration_reached no_cluster no_route no_filter_chain reject denied days_until_first_cert_expiring rbac cx_active cx_connect " +
  "circuit_breakers cx_total ssl_handshake ssl_context_update_by_sds"
).split(" ");
const BASIC_BEGINNINGS = ["envoy_server", "envoy_control_plane", "envoy_dns_filter", "envoy_dns_cares", "kuma_dp_dns"];
const BASIC_NAMES = new Set([
  "envoy_cluster_membership_degraded",
  "envoy_cluster_membership_healthy",
  "envoy_cluster_membership_total",
]);

/** Labels that name a cluster or listener. */
const ENTITY_LABELS = ["envoy_cluster_name", "envoy_http_conn_manager_prefix", "envoy_listener_address"];
/** Of the proxy's own machinery. Envoy writes underscores for colons. */
const INTERNAL_BEGINNINGS = ["system_", "_", "tracing"];
const INTERNAL_NAMES = new Set([
  "ads_cluster",
  "access_log_sink",
  "kuma:envoy:admin",
  "kuma_envoy_admin",
  "kuma:metrics:hijacker",
  "kuma_metrics_hijacker",
]);

/** Families of Envoy that are given out, without samples that are nobody's. `sidecar`: of a MeshMetric. */
export function profileOf(sidecar: JsonObject | undefined): (family: MetricFamily) => MetricFamily | undefined {
  const profiles = memberOf(sidecar, "profiles");
  const names = itemsOf(memberOf(profiles, "appendProfiles")).map((each) => textOf(each, "name"));
  const isAll = names.includes("All");
  const isBasic = !isAll && (names.length === 0 || names.includes("Basic"));
  const exclude = matchersOf(memberOf(profiles, "exclude"));
  const include = matchersOf(memberOf(profiles, "include"));
  return (family) => {
    const { name } = family;
    const isChosen = (isAll || (isBasic && isBasicName(name))) && !exclude.some((matches) => matches(name));
    if (!isChosen && !include.some((matches) => matches(name))) return undefined;
    if (!isBasic) return family;
    const samples = family.samples.filter(
      ({ labels }) => !ENTITY_LABELS.some((label) => isInternal(labels.get(label) ?? "")),
    );
    return samples.length === 0 ? undefined : { ...family, samples };
  };
}

/** Whether Envoy is asked for what was never counted as well. */
export function includesUnused(sidecar: JsonObject | undefined): boolean {
  return memberOf(sidecar, "includeUnused") === true;
}

function isBasicName(name: string): boolean {
  return (
    BASIC_NAMES.has(name) ||
    BASIC_PARTS.some((part) => name.includes(part)) ||
    BASIC_BEGINNINGS.some((beginning) => name.startsWith(beginning))
  );
}

function isInternal(entity: string): boolean {
  return INTERNAL_NAMES.has(entity) || INTERNAL_BEGINNINGS.some((beginning) => entity.startsWith(beginning));
}

function matchersOf(value: JsonValue | undefined): readonly Matcher[] {
  return itemsOf(value).map((selector) => matcherOf(textOf(selector, "type"), textOf(selector, "match")));
}

/** Expressions were checked with the policy; one that is none here selects nothing. */
function matcherOf(type: string, match: string): Matcher {
  if (type === "Contains") return (text) => text.includes(match);
  if (type === "Prefix") return (text) => text.startsWith(match);
  if (type === "Exact") return (text) => text === match;
  if (type !== "Regex") return () => false;
  try {
    const expression = new RegExp(match);
    return (text) => expression.test(text);
  } catch {
    return () => false;
  }
}

function memberOf(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isJsonObject(value) ? value[name] : undefined;
}

function itemsOf(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function textOf(object: JsonObject, name: string): string {
  const value = object[name];
  return typeof value === "string" ? value : "";
}
