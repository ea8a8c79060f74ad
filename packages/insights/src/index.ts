export { isCompatibleVersion } from "./compatible-version.ts";
export type { ZoneEvent, ZonePeer, ZoneStream } from "./zone-event.ts";
export { FLUSH_MS, SUBSCRIPTION_LIMIT, ZoneInsights, type ZoneInsightsOptions } from "./zone-insights.ts";
