/** Rates of MeshRateLimits as Envoy's buckets, which are filled again after each interval. */
import type { HeaderValueOptionJson } from "@isthmus/proto/envoy/config/core/v3/base";
import type { FilterJson } from "@isthmus/proto/envoy/config/listener/v3/listener_components";
import { StatusCode } from "@isthmus/proto/envoy/type/v3/http_status";
import type { TokenBucketJson } from "@isthmus/proto/envoy/type/v3/token_bucket";
import { flagOf, objectOf, objectsOf, textOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { durationOf } from "../build/durations.ts";
import { uintOf } from "../build/numbers.ts";
import { type TypedConfig, typed } from "../draft/any.ts";
import type { ChainDraft, Draft } from "../draft/draft.ts";

export const HTTP_LIMIT = "envoy.filters.http.local_ratelimit";
const TCP_LIMIT = "envoy.extensions.filters.network.local_ratelimit.v3.LocalRateLimit";
const ALWAYS = { numerator: 100 };

/** Of a route. Undefined: as much as comes. `conf`: `local.http`. */
export function requestLimit(conf: JsonObject, draft: Draft): TypedConfig | undefined {
  const tokenBucket = bucketOf(conf, "requestRate");
  if (tokenBucket === undefined) return undefined;
  const response = objectOf(conf, "onRateLimit");
  const headers = headersOf(objectOf(response, "headers"));
  return typed("envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit", {
    statPrefix: "rate_limit",
    ...statusOf(response, draft),
    tokenBucket,
    filterEnabled: { defaultValue: ALWAYS, runtimeKey: "local_rate_limit_enabled" },
    filterEnforced: { defaultValue: ALWAYS, runtimeKey: "local_rate_limit_enforced" },
    ...(headers.length === 0 ? {} : { responseHeadersToAdd: headers }),
  });
}

/** The filter by itself limits nothing: routes say how much. */
export function addLimiter({ filters }: Extract<ChainDraft["end"], { kind: "http" }>): void {
  if (filters.some(({ name }) => name === HTTP_LIMIT)) return;
  filters.push({
    name: HTTP_LIMIT,
    typedConfig: typed("envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit", { statPrefix: "rate_limit" }),
  });
}

/** Undefined: as many as come. `conf`: `local.tcp`. */
export function connectionLimit(conf: JsonObject): FilterJson | undefined {
  const tokenBucket = bucketOf(conf, "connectionRate");
  return tokenBucket === undefined
    ? undefined
    : { name: TCP_LIMIT, typedConfig: typed(TCP_LIMIT, { statPrefix: "tcp_rate_limit", tokenBucket }) };
}

function bucketOf(conf: JsonObject, member: string): TokenBucketJson | undefined {
  const rate = objectOf(conf, member);
  const tokens = uintOf(rate, "num");
  const fillInterval = durationOf(rate, "interval");
  if (flagOf(conf, "disabled") || tokens === undefined || fillInterval === undefined) return undefined;
  return { maxTokens: tokens, tokensPerFill: tokens, fillInterval };
}

/** Envoy answers 429 where nothing is said, and takes only codes that it knows. */
function statusOf(response: JsonObject, draft: Draft): object {
  const status = uintOf(response, "status");
  if (status === undefined || status === 0) return {};
  const code = Object.entries(StatusCode).find(([, number]) => number === status)?.[0];
  if (code !== undefined) return { status: { code } };
  draft.problems.push(`status ${status} of a MeshRateLimit is left out: Envoy does not know it`);
  return {};
}

function headersOf(modifier: JsonObject): readonly HeaderValueOptionJson[] {
  const added = objectsOf(modifier, "add").map(
    (header): HeaderValueOptionJson => ({
      header: { key: textOf(header, "name"), value: textOf(header, "value") },
      appendAction: "APPEND_IF_EXISTS_OR_ADD",
    }),
  );
  const set = objectsOf(modifier, "set").flatMap((header) =>
    textOf(header, "value")
      .split(",")
      .map(
        (value): HeaderValueOptionJson => ({
          header: { key: textOf(header, "name"), value },
          appendAction: "OVERWRITE_IF_EXISTS_OR_ADD",
        }),
      ),
  );
  return [...added, ...set];
}
