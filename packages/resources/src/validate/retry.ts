/** Rules of a Retry. Source: kuma v2.14.3: pkg/core/resources/apis/mesh/retry_validator.go. */
import type { JsonObject } from "@isthmus/std";
import { at, type Violations } from "../violation.ts";
import {
  checkOptionalDuration,
  flatDurationAt,
  GREATER_THAN_ZERO,
  GREATER_THAN_ZERO_WHEN_DEFINED,
  HAS_TO_BE_DEFINED,
} from "./flat-amounts.ts";
import { goQuote } from "./go-quote.ts";
import { listAt, messageAt, numberAt, valueAt } from "./json-access.ts";
import { connectionRules } from "./selectors.ts";

const EMPTY = "field cannot be empty";

export const validateRetry = connectionRules(checkConf);

function checkConf(conf: JsonObject, found: Violations): void {
  const http = messageAt(conf, "http");
  const grpc = messageAt(conf, "grpc");
  const tcp = messageAt(conf, "tcp");
  if (http === undefined && grpc === undefined && tcp === undefined) {
    found.add("conf", "missing protocol [grpc|http|tcp] configuration");
  }
  if (http !== undefined) checkHttp(http, "conf.http", found);
  if (grpc !== undefined) checkGrpc(grpc, "conf.grpc", found);
  if (tcp !== undefined && numberAt(tcp, "maxConnectAttempts") === 0) {
    found.add("conf.tcp.maxConnectAttempts", GREATER_THAN_ZERO);
  }
}

function checkHttp(http: JsonObject, path: string, found: Violations): void {
  if (isEmpty(http)) found.add(path, EMPTY);
  checkAttempts(http, path, found);
  for (const [index, method] of (listAt(http, "retriableMethods") ?? []).entries()) {
    if (method === "NONE") found.add(at(`${path}.retriableMethods`, index), EMPTY);
  }
  if ((listAt(http, "retriableStatusCodes") ?? []).length > 0) return;
  for (const [index, condition] of (listAt(http, "retryOn") ?? []).entries()) {
    if (condition !== "retriable_status_codes") continue;
    const reason = "retriableStatusCodes cannot be empty when this option is specified";
    found.add(at(`${path}.retryOn`, index), reason);
  }
}

function checkGrpc(grpc: JsonObject, path: string, found: Violations): void {
  if (isEmpty(grpc)) found.add(path, EMPTY);
  for (const reason of repetitions((listAt(grpc, "retryOn") ?? []).map(String))) found.add(`${path}.retryOn`, reason);
  checkAttempts(grpc, path, found);
}

/** Lists without items are not there after decoding. */
const isEmpty = (protocol: JsonObject): boolean => Object.keys(protocol).length === 0;

function checkAttempts(protocol: JsonObject, path: string, found: Violations): void {
  if (valueAt(protocol, "numRetries") !== undefined && numberAt(protocol, "numRetries") === 0) {
    found.add(`${path}.numRetries`, GREATER_THAN_ZERO_WHEN_DEFINED);
  }
  checkOptionalDuration(protocol, "perTryTimeout", path, found);
  const backOff = messageAt(protocol, "backOff");
  if (backOff === undefined) return;
  const base = flatDurationAt(backOff, "baseInterval");
  if (base === undefined) found.add(`${path}.backOff.baseInterval`, HAS_TO_BE_DEFINED);
  else if (base === 0) found.add(`${path}.backOff.baseInterval`, GREATER_THAN_ZERO);
  else checkOptionalDuration(backOff, "maxInterval", `${path}.backOff`, found);
}

/** What of each value that stands several times, in order of the texts. */
function repetitions(values: readonly string[]): readonly string[] {
  const indexes = new Map<string, number[]>();
  for (const [index, value] of values.entries()) {
    const places = indexes.get(value);
    if (places === undefined) indexes.set(value, [index]);
    else places.push(index);
  }
  return [...indexes]
    .filter(([, places]) => places.length > 1)
    .map(([value, places]) => `repeated value ${goQuote(value)} at indexes [${places.join(", ")}]`)
    .sort();
}
