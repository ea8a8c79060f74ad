/**
 * Filters of the HTTP rules of a MeshGatewayRoute; those of responses may hold anything.
 * Source: kuma v2.14.3: pkg/core/resources/apis/mesh/gateway_route_validator.go.
 */
import type { JsonObject } from "@isthmus/std";
import { at, type Violations } from "../violation.ts";
import { CANNOT_BE_EMPTY, checkShare } from "./flat-amounts.ts";
import { listAt, messageAt, numberAt, objectsAt, optionalTextAt, textAt, textsAt } from "./json-access.ts";
import { checkFlatPort } from "./primitives.ts";
import { SERVICE_AND_MORE } from "./selectors.ts";
import { checkSelector } from "./tags.ts";

/** What of the rest of the rule decides about its filters. */
export interface FilterContext {
  readonly hasPrefixMatch: boolean;
  /** Another filter sets the host to that of the backend. */
  readonly rewritesHost: boolean;
}

const HOST_HEADERS = [":authority", "Host", "host"];
const STATUS_MIN = 300;
const STATUS_MAX = 308;

export function checkFilter(filter: JsonObject, context: FilterContext, path: string, found: Violations): void {
  const requestHeader = messageAt(filter, "requestHeader");
  if (requestHeader !== undefined) checkHeaders(requestHeader, context, `${path}.request_header`, found);
  const redirect = messageAt(filter, "redirect");
  if (redirect !== undefined) checkRedirect(redirect, `${path}.redirect`, found);
  const mirror = messageAt(filter, "mirror");
  if (mirror !== undefined) checkMirror(mirror, `${path}.mirror`, found);
  const rewrite = messageAt(filter, "rewrite");
  const replacesPrefix = rewrite !== undefined && optionalTextAt(rewrite, "replacePrefixMatch") !== undefined;
  if (replacesPrefix && !context.hasPrefixMatch) {
    found.add(`${path}.rewrite.replacePrefixMatch`, "cannot be used without a match on path prefix");
  }
}

function checkHeaders(filter: JsonObject, { rewritesHost }: FilterContext, path: string, found: Violations): void {
  const removed = listAt(filter, "remove") ?? [];
  if (objectsAt(filter, "set").length + objectsAt(filter, "add").length + removed.length === 0) {
    found.add(path, CANNOT_BE_EMPTY);
  }
  for (const list of ["set", "add"]) {
    for (const [index, header] of objectsAt(filter, list).entries()) {
      const field = at(`${path}.${list}`, index);
      const name = textAt(header, "name");
      if (name === "") found.add(`${field}.name`, CANNOT_BE_EMPTY);
      else if (rewritesHost && HOST_HEADERS.includes(name)) {
        const option = "'rewrite.host_to_backend_hostname' option";
        found.add(field, `cannot modify '${name}' header, when route has set ${option}`);
      }
      if (textAt(header, "value") === "") found.add(`${field}.value`, CANNOT_BE_EMPTY);
    }
  }
  for (const [index, name] of removed.entries()) {
    if (name === "") found.add(at(`${path}.remove`, index), CANNOT_BE_EMPTY);
  }
}

function checkRedirect(redirect: JsonObject, path: string, found: Violations): void {
  const port = numberAt(redirect, "port");
  if (port > 0) checkFlatPort(port, `${path}.port`, found);
  const status = numberAt(redirect, "statusCode");
  if (status < STATUS_MIN || status > STATUS_MAX) {
    found.add(`${path}.status_code`, `must be in the range [${STATUS_MIN}, ${STATUS_MAX}]`);
  }
}

function checkMirror(mirror: JsonObject, path: string, found: Violations): void {
  checkShare(mirror, path, found);
  const backend = messageAt(mirror, "backend");
  if (backend === undefined) found.add(`${path}.backend`, CANNOT_BE_EMPTY);
  else checkSelector(textsAt(backend, "destination"), `${path}.backend`, found, SERVICE_AND_MORE);
}
