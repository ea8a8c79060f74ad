/** Rules of a FaultInjection. Source: kuma v2.14.3: pkg/core/resources/apis/mesh/fault_injection_validator.go. */
import type { JsonObject } from "@isthmus/std";
import { parseProtocol } from "../protocol.ts";
import type { Resource } from "../resource.ts";
import { type Violation, Violations } from "../violation.ts";
import { CANNOT_BE_EMPTY, checkShare } from "./flat-amounts.ts";
import { isGoHttpStatus } from "./http-status.ts";
import { messageAt, numberAt, objectAt, optionalTextAt, valueAt } from "./json-access.ts";
import { key } from "./primitives.ts";
import { ANY_TAG, checkSelectors, type SelectorRules } from "./selectors.ts";
import { PROTOCOL_TAG } from "./tags.ts";

const HTTP_BASED = ["http", "http2", "grpc"];
/** Anywhere in the text. */
const BANDWIDTH = /[gmk]bps/;

/** Faults are injected into HTTP alone. */
const DESTINATIONS: SelectorRules = {
  ...ANY_TAG,
  checkAll: (tags, path, found) => {
    const protocol = tags.get(PROTOCOL_TAG);
    if (protocol === undefined) found.add(path, "protocol must be specified");
    else if (!HTTP_BASED.includes(parseProtocol(protocol) ?? "")) {
      found.add(key(path, PROTOCOL_TAG), `must be one of the [${HTTP_BASED.join(", ")}]`);
    }
  },
};

const FAULTS: Readonly<Record<string, (fault: JsonObject, path: string, found: Violations) => void>> = {
  delay: (delay, path, found) => {
    checkShare(delay, path, found);
    if (valueAt(delay, "value") === undefined) found.add(`${path}.value`, CANNOT_BE_EMPTY);
  },
  abort: (abort, path, found) => {
    checkShare(abort, path, found);
    if (valueAt(abort, "httpStatus") === undefined) found.add(`${path}.httpStatus`, CANNOT_BE_EMPTY);
    else if (!isGoHttpStatus(String(numberAt(abort, "httpStatus")))) {
      found.add(`${path}.httpStatus`, "http status code is incorrect");
    }
  },
  responseBandwidth: (bandwidth, path, found) => {
    checkShare(bandwidth, path, found);
    const limit = optionalTextAt(bandwidth, "limit");
    if (limit === undefined) found.add(`${path}.limit`, CANNOT_BE_EMPTY);
    else if (!BANDWIDTH.test(limit)) found.add(`${path}.limit`, "has to be in kbps/mbps/gbps units");
  },
};

export function validateFaultInjection({ spec }: Resource): readonly Violation[] {
  const found = new Violations();
  checkSelectors(spec, "sources", ANY_TAG, found);
  checkSelectors(spec, "destinations", DESTINATIONS, found);
  const conf = objectAt(spec, "conf");
  // An empty fault is none.
  const faults = Object.keys(FAULTS).filter((name) => Object.keys(messageAt(conf, name) ?? {}).length > 0);
  if (faults.length === 0) found.add("conf", "must have at least one of the faults configured");
  for (const name of faults) FAULTS[name]?.(objectAt(conf, name), `conf.${name}`, found);
  return found.list;
}
