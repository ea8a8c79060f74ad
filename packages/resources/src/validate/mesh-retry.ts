/** Rules of a MeshRetry. Source: kuma v2.14.3: pkg/plugins/policies/meshretry/api/v1alpha1/validator.go. */
import type { JsonObject } from "@isthmus/std";
import type { Resource } from "../resource.ts";
import { at, member, type Violation, Violations } from "../violation.ts";
import { durationAt, GREATER_THAN_ZERO } from "./amounts.ts";
import { isGoHttpStatus } from "./http-status.ts";
import { listAt, messageAt, numberAt, objectAt, objectsAt, textAt, valueAt } from "./json-access.ts";
import { checkTargetItems } from "./policy-lists.ts";
import { MUST_BE_DEFINED, MUST_NOT_BE_EMPTY } from "./primitives.ts";
import { checkTopTargetRef, type TargetRefRules, type TopTargetRefRules, topKind } from "./target-ref.ts";

export const GRPC_RETRY_ON = ["Canceled", "DeadlineExceeded", "Internal", "ResourceExhausted", "Unavailable"] as const;
export const PREDICATES = ["OmitPreviousHosts", "OmitHostsWithTags", "OmitPreviousPriorities"] as const;

const TOP: TopTargetRefRules = {
  system: {
    kinds: ["Mesh", "MeshSubset", "MeshGateway", "MeshService", "MeshServiceSubset", "MeshHTTPRoute", "Dataplane"],
    allowsListenerTags: true,
  },
  otherRoles: { kinds: ["Mesh", "MeshSubset", "MeshService", "MeshServiceSubset", "Dataplane"] },
};
const TO: TargetRefRules = {
  kinds: ["Mesh", "MeshService", "MeshExternalService", "MeshMultiZoneService", "MeshHTTPRoute"],
};
/** Of a policy that is about a route or a gateway. */
const TO_OF_ROUTES: TargetRefRules = { kinds: ["Mesh", "MeshExternalService"] };

/** Beside these, any status code that has a name. */
const HTTP_RETRY_ON: readonly string[] = [
  "5xx",
  "GatewayError",
  "Reset",
  "Retriable4xx",
  "ConnectFailure",
  "EnvoyRatelimited",
  "RefusedStream",
  "Http3PostConnectFailure",
  ...["Connect", "Delete", "Get", "Head", "Options", "Patch", "Post", "Put", "Trace"].map(
    (name) => `HttpMethod${name}`,
  ),
];

/** One of these has to be there. */
const GRPC_SETTINGS = ["numRetries", "perTryTimeout", "backOff", "retryOn", "rateLimitedBackOff"] as const;
const HTTP_SETTINGS = [
  ...GRPC_SETTINGS,
  "retriableRequestHeaders",
  "retriableResponseHeaders",
  "hostSelection",
] as const;

export function validateMeshRetry(resource: Resource): readonly Violation[] {
  const { spec } = resource;
  const found = new Violations();
  checkTopTargetRef(resource, TOP, found);
  const isOfRoutes = ["MeshHTTPRoute", "MeshGateway"].includes(topKind(spec));
  const checkItem = (item: JsonObject, path: string): void => {
    // Kuma's paths have a member `conf` that documents do not.
    checkConf(objectAt(item, "default"), member(path, "default.conf"), found);
  };
  checkTargetItems(spec, "to", isOfRoutes ? TO_OF_ROUTES : TO, checkItem, found);
  return found.list;
}

function checkConf(conf: JsonObject, path: string, found: Violations): void {
  const tcp = messageAt(conf, "tcp");
  const http = messageAt(conf, "http");
  const grpc = messageAt(conf, "grpc");
  if (tcp === undefined && http === undefined && grpc === undefined) {
    found.add(path, "at least one of the 'tcp', 'http', 'grpc' must be specified");
  }
  if (tcp !== undefined) {
    const attempts = valueAt(tcp, "maxConnectAttempt");
    if (attempts === undefined) found.add(member(path, "tcp"), MUST_NOT_BE_EMPTY);
    else if (attempts === 0) found.add(member(path, "tcp.maxConnectAttempt"), GREATER_THAN_ZERO);
  }
  if (http !== undefined) {
    checkAttempts(http, HTTP_SETTINGS, isHttpReason, member(path, "http"), found);
    checkHostSelection(http, member(path, "http.hostSelection"), found);
  }
  if (grpc !== undefined) checkAttempts(grpc, GRPC_SETTINGS, isGrpcReason, member(path, "grpc"), found);
}

/** What HTTP and gRPC have in common. */
function checkAttempts(
  attempts: JsonObject,
  settings: readonly string[],
  isReason: (reason: string) => boolean,
  path: string,
  found: Violations,
): void {
  if (settings.every((name) => valueAt(attempts, name) === undefined)) found.add(path, MUST_NOT_BE_EMPTY);
  const backOff = messageAt(attempts, "backOff");
  if (backOff !== undefined && ["baseInterval", "maxInterval"].every((name) => valueAt(backOff, name) === undefined)) {
    found.add(member(path, "backOff"), MUST_NOT_BE_EMPTY);
  }
  const rateLimited = messageAt(attempts, "rateLimitedBackOff");
  if (rateLimited !== undefined) checkRateLimitedBackOff(rateLimited, member(path, "rateLimitedBackOff"), found);
  for (const [index, reason] of (listAt(attempts, "retryOn") ?? []).entries()) {
    const text = typeof reason === "string" ? reason : "";
    if (!isReason(text)) found.add(at(member(path, "retryOn"), index), `unknown item '${text}'`);
  }
}

function checkRateLimitedBackOff(backOff: JsonObject, path: string, found: Violations): void {
  const maxInterval = durationAt(backOff, "maxInterval");
  if (maxInterval !== undefined && maxInterval <= 0n) {
    found.add(member(path, "maxInterval"), DEFINED_AND_POSITIVE);
  }
  const headers = member(path, "resetHeaders");
  if (listAt(backOff, "resetHeaders") === undefined) found.add(headers, MUST_BE_DEFINED);
  for (const [index, header] of objectsAt(backOff, "resetHeaders").entries()) {
    if (textAt(header, "name") === "") found.add(member(at(headers, index), "name"), MUST_BE_DEFINED);
  }
}

function checkHostSelection(http: JsonObject, path: string, found: Violations): void {
  let hasPriorities = false;
  for (const [index, predicate] of objectsAt(http, "hostSelection").entries()) {
    const type = textAt(predicate, "predicate");
    const itemPath = at(path, index);
    if (!PREDICATES.some((known) => known === type)) {
      found.add(member(itemPath, "predicate"), `unknown predicate type '${type}'`);
    }
    if (type === "OmitHostsWithTags" && messageAt(predicate, "tags") === undefined) {
      found.add(member(itemPath, "tags"), MUST_BE_DEFINED);
    }
    if (type !== "OmitPreviousPriorities") continue;
    if (hasPriorities) found.add(member(itemPath, "predicate"), `${type} must only be specified once`);
    if (numberAt(predicate, "updateFrequency") <= 0) {
      found.add(member(itemPath, "updateFrequency"), DEFINED_AND_POSITIVE);
    }
    hasPriorities = true;
  }
}

const DEFINED_AND_POSITIVE = "must be defined and greater than zero";

const isHttpReason = (reason: string): boolean => HTTP_RETRY_ON.includes(reason) || isGoHttpStatus(reason);

const isGrpcReason = (reason: string): boolean => GRPC_RETRY_ON.some((known) => known === reason);
