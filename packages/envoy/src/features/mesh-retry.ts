/**
 * MeshRetry: which failed requests are tried again, and how often connections are.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshretry.
 */
import type {
  HeaderMatcherJson,
  RetryPolicy_RateLimitedRetryBackOffJson,
  RetryPolicyJson,
} from "@isthmus/proto/envoy/config/route/v3/route_components";
import { messageOf, objectOf, objectsOf, textOf, textsOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { durationOf } from "../build/durations.ts";
import { headerMatcher } from "../build/header-matchers.ts";
import { uintOf } from "../build/numbers.ts";
import type { ChainDraft } from "../draft/draft.ts";
import type { Feature } from "./feature.ts";
import { hostSelection } from "./retry-hosts.ts";
import type { SubjectPolicies } from "./subject-policies.ts";

const TYPE = "MeshRetry";
const HTTP_RETRY_ON = "gateway-error,connect-failure,refused-stream";
const GRPC_RETRY_ON = "cancelled,connect-failure,gateway-error,refused-stream,reset,resource-exhausted,unavailable";
const STATUS_CODES = "retriable-status-codes";
const METHOD_PREFIX = "HttpMethod";
/** Envoy refuses a policy of pauses without one. */
const BASE_INTERVAL = "0.025s";

const CONDITIONS: Readonly<Record<string, string>> = {
  "5xx": "5xx",
  GatewayError: "gateway-error",
  Reset: "reset",
  Retriable4xx: "retriable-4xx",
  ConnectFailure: "connect-failure",
  EnvoyRatelimited: "envoy-ratelimited",
  RefusedStream: "refused-stream",
  Http3PostConnectFailure: "http3-post-connect-failure",
  Canceled: "cancelled",
  DeadlineExceeded: "deadline-exceeded",
  Internal: "internal",
  ResourceExhausted: "resource-exhausted",
  Unavailable: "unavailable",
};

export const meshRetry: Feature = (draft, { policies }) => {
  for (const { role, chains } of draft.listeners) {
    if (role.kind !== "outbound" && role.kind !== "legacyOutbound") continue;
    const conf = policies.to(TYPE, role);
    for (const chain of chains) configureChain(chain, role.protocol, conf ?? {}, policies);
  }
};

/** What is said of a route goes before what is said of the service. */
function configureChain({ end }: ChainDraft, protocol: string, conf: JsonObject, policies: SubjectPolicies): void {
  if (end.kind === "tcp") {
    const attempts = uintOf(objectOf(conf, "tcp"), "maxConnectAttempt");
    if (attempts !== undefined) end.proxy.maxConnectAttempts = attempts;
  }
  if (end.kind !== "http") return;
  const policy = retryPolicyOf(protocol, conf);
  for (const route of (end.routes.virtualHosts ?? []).flatMap((host) => host.routes ?? [])) {
    const own = policies.ofRoute(TYPE, route);
    const chosen = (own === undefined ? undefined : retryPolicyOf(protocol, own)) ?? policy;
    if (chosen !== undefined && route.route !== undefined) route.route.retryPolicy = chosen;
  }
}

/** Undefined: nothing is said for the protocol, or not to try again. */
export function retryPolicyOf(protocol: string, conf: JsonObject): RetryPolicyJson | undefined {
  const isGrpc = protocol === "grpc";
  const member = isGrpc ? "grpc" : "http";
  const own = messageOf(conf, member);
  if (own === undefined || uintOf(own, "numRetries") === 0) return undefined;
  const retries = uintOf(own, "numRetries");
  const perTry = durationOf(own, "perTryTimeout");
  const limited = messageOf(own, "rateLimitedBackOff");
  return {
    ...conditionsOf(textsOf(own, "retryOn"), isGrpc ? GRPC_RETRY_ON : HTTP_RETRY_ON),
    ...(retries === undefined ? {} : { numRetries: retries }),
    ...(perTry === undefined ? {} : { perTryTimeout: perTry }),
    ...backOffOf(messageOf(own, "backOff")),
    ...(limited === undefined ? {} : { rateLimitedRetryBackOff: limitedBackOffOf(limited) }),
    ...(isGrpc ? {} : httpOnly(own)),
  };
}

function conditionsOf(
  retryOn: readonly string[],
  byDefault: string,
): Pick<RetryPolicyJson, "retryOn" | "retriableStatusCodes" | "retriableRequestHeaders"> {
  const codes = retryOn.filter((each) => /^[1-5]\d\d$/.test(each)).map(Number);
  const methods = retryOn
    .filter((each) => each.startsWith(METHOD_PREFIX))
    .map((each) => each.slice(METHOD_PREFIX.length).toUpperCase());
  const conditions = retryOn.flatMap((each) => CONDITIONS[each] ?? []);
  const named = conditions.length === 0 ? byDefault : conditions.join(",");
  return {
    retryOn: codes.length > 0 && !conditions.includes(STATUS_CODES) ? `${named},${STATUS_CODES}` : named,
    ...(codes.length === 0 ? {} : { retriableStatusCodes: codes }),
    ...(methods.length === 0 ? {} : { retriableRequestHeaders: methods.map(methodMatcher) }),
  };
}

function methodMatcher(exact: string): HeaderMatcherJson {
  return { name: ":method", stringMatch: { exact } };
}

function backOffOf(conf: JsonObject | undefined): Pick<RetryPolicyJson, "retryBackOff"> {
  if (conf === undefined) return {};
  const max = durationOf(conf, "maxInterval");
  return {
    retryBackOff: {
      baseInterval: durationOf(conf, "baseInterval") ?? BASE_INTERVAL,
      ...(max === undefined ? {} : { maxInterval: max }),
    },
  };
}

function limitedBackOffOf(conf: JsonObject): RetryPolicy_RateLimitedRetryBackOffJson {
  const max = durationOf(conf, "maxInterval");
  return {
    resetHeaders: objectsOf(conf, "resetHeaders").map((header) => ({
      name: textOf(header, "name"),
      format: textOf(header, "format") === "UnixTimestamp" ? "UNIX_TIMESTAMP" : "SECONDS",
    })),
    ...(max === undefined ? {} : { maxInterval: max }),
  };
}

function httpOnly(conf: JsonObject): RetryPolicyJson {
  const requestHeaders = objectsOf(conf, "retriableRequestHeaders").map(headerMatcher);
  const methods = conditionsOf(textsOf(conf, "retryOn"), "").retriableRequestHeaders ?? [];
  const responseHeaders = objectsOf(conf, "retriableResponseHeaders").map(headerMatcher);
  const attempts = uintOf(conf, "hostSelectionMaxAttempts");
  return {
    ...(requestHeaders.length === 0 ? {} : { retriableRequestHeaders: [...methods, ...requestHeaders] }),
    ...(responseHeaders.length === 0 ? {} : { retriableHeaders: responseHeaders }),
    ...hostSelection(objectsOf(conf, "hostSelection")),
    ...(attempts === undefined ? {} : { hostSelectionRetryMaxAttempts: String(attempts) }),
  };
}
