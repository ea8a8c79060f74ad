export { isCompatibleVersion } from "./compatible-version.ts";
export type { InsightKind } from "./mesh/insight-document.ts";
export { MAX_PAUSE_MS, type MeshInsightEvent, MeshInsights, type MeshInsightsOptions } from "./mesh/mesh-insights.ts";
export {
  PROXY_SUBSCRIPTION_LIMIT,
  ProxyInsightFinalizer,
  type ProxyInsightFinalizerOptions,
} from "./proxy/proxy-insight-finalizer.ts";
export type { ZoneEvent, ZonePeer, ZoneStream } from "./zone-event.ts";
export { FLUSH_MS, SUBSCRIPTION_LIMIT, ZoneInsights, type ZoneInsightsOptions } from "./zone-insights.ts";
