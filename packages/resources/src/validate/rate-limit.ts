/** Rules of a RateLimit. Source: kuma v2.14.3: pkg/core/resources/apis/mesh/rate_limit_validator.go. */
import type { JsonObject } from "@isthmus/std";
import type { Resource } from "../resource.ts";
import { type Violation, Violations } from "../violation.ts";
import { messageAt, numberAt, objectAt, objectsAt, textAt, valueAt } from "./json-access.ts";
import { key } from "./primitives.ts";
import { ANY_TAG, checkSelectors } from "./selectors.ts";

export function validateRateLimit({ spec }: Resource): readonly Violation[] {
  const found = new Violations();
  checkSelectors(spec, "sources", ANY_TAG, found);
  checkSelectors(spec, "destinations", ANY_TAG, found);
  const conf = messageAt(spec, "conf");
  if (conf === undefined) found.add("conf", "must have conf");
  const http = conf === undefined ? undefined : messageAt(conf, "http");
  if (http !== undefined) checkHttp(http, found);
  return found.list;
}

function checkHttp(http: JsonObject, found: Violations): void {
  if (numberAt(http, "requests") === 0) found.add("conf.http.requests", "requests must be set");
  if (valueAt(http, "interval") === undefined) found.add("conf.http.interval", "interval must be set");
  for (const [index, header] of objectsAt(objectAt(http, "onRateLimit"), "headers").entries()) {
    // Messages show the index as if it were the key of a map.
    const field = key("conf.http.onRateLimit.header", String(index));
    for (const name of ["key", "value"]) if (textAt(header, name) === "") found.add(field, `${name} must be set`);
  }
}
