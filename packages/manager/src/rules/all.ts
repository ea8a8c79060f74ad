/** Types that demand more of a write than all types do. */
import type { WriteRule } from "../write-rule.ts";
import { dataplaneRule } from "./dataplane.ts";
import { meshRule } from "./mesh.ts";
import { externalServiceRule, rateLimitRule } from "./rate-limit.ts";
import { secretRule } from "./secret.ts";
import { zoneRule } from "./zone.ts";
import { zoneProxyRule } from "./zone-proxy.ts";

export const writeRules: ReadonlyMap<string, WriteRule> = new Map([
  ["Dataplane", dataplaneRule],
  ["ExternalService", externalServiceRule],
  ["Mesh", meshRule],
  ["RateLimit", rateLimitRule],
  ["Secret", secretRule],
  ["Zone", zoneRule],
  ["ZoneEgress", zoneProxyRule],
  ["ZoneIngress", zoneProxyRule],
]);
