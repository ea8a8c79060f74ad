/** Rules of a HealthCheck. Source: kuma v2.14.3: pkg/core/resources/apis/mesh/health_check_validator.go. */
import type { JsonObject } from "@isthmus/std";
import { at, type Violations } from "../violation.ts";
import { CANNOT_BE_EMPTY, checkNotZeroDuration, checkThreshold, HAS_TO_BE_DEFINED, isShare } from "./flat-amounts.ts";
import { listAt, messageAt, objectsAt, textAt, valueAt } from "./json-access.ts";
import { connectionRules } from "./selectors.ts";

const STATUS_MIN = 100;
const STATUS_END = 600;

export const validateHealthCheck = connectionRules(checkConf);

function checkConf(conf: JsonObject, found: Violations): void {
  checkNotZeroDuration(conf, "interval", "conf", found);
  checkNotZeroDuration(conf, "timeout", "conf", found);
  checkThreshold(conf, "unhealthyThreshold", "conf", found);
  checkThreshold(conf, "healthyThreshold", "conf", found);
  for (const name of ["initialJitter", "intervalJitter", "noTrafficInterval"]) {
    if (valueAt(conf, name) !== undefined) checkNotZeroDuration(conf, name, "conf", found);
  }
  if (!isShare(conf, "healthyPanicThreshold")) {
    found.add("conf.healthyPanicThreshold", "must be in range [0.0 - 100.0]");
  }
  const http = messageAt(conf, "http");
  if (http === undefined) return;
  checkHttp(http, "conf.http", found);
  if (messageAt(conf, "tcp") !== undefined) {
    found.add("conf", "http and tcp cannot be defined at the same time");
  }
}

function checkHttp(http: JsonObject, path: string, found: Violations): void {
  if (textAt(http, "path") === "") found.add(`${path}.path`, "has to be defined and cannot be empty");
  for (const [index, status] of (listAt(http, "expectedStatuses") ?? []).entries()) {
    if (typeof status === "number" && status >= STATUS_MIN && status < STATUS_END) continue;
    found.add(at(`${path}.expectedStatuses`, index), `must be in range [${STATUS_MIN}, ${STATUS_END})`);
  }
  for (const [index, option] of objectsAt(http, "requestHeadersToAdd").entries()) {
    const field = `${at(`${path}.requestHeadersToAdd`, index)}.header`;
    const header = messageAt(option, "header");
    if (header === undefined) found.add(field, HAS_TO_BE_DEFINED);
    else if (textAt(header, "key") === "") found.add(`${field}.key`, CANNOT_BE_EMPTY);
  }
}
