/** Rules of the OpenTelemetry backends of policies. Source: kuma v2.14.3: pkg/core/validators/common_validators.go. */
import type { JsonObject } from "@isthmus/std";
import { member, type Violations } from "../violation.ts";
import { splitHostPort } from "./go-url.ts";
import { messageAt, objectAt, textAt } from "./json-access.ts";
import { exactlyOne, onlyOne, quotedChoice } from "./primitives.ts";

const BACKEND_KIND = "MeshOpenTelemetryBackend";
const ENDPOINT_WARNING =
  "openTelemetry.endpoint is deprecated, use openTelemetry.backendRef with a MeshOpenTelemetryBackend resource instead";

/** `needsPort`: the endpoint has to name one. */
export function checkOtelTarget(
  target: JsonObject,
  path: string,
  found: Violations,
  rules: { readonly needsPort?: boolean } = {},
): void {
  const endpoint = textAt(target, "endpoint");
  const backendRef = messageAt(target, "backendRef");
  if (backendRef !== undefined) {
    if (endpoint === "") checkBackendRef(backendRef, member(path, "backendRef"), found);
    else found.add(path, onlyOne("openTelemetry", "endpoint", "backendRef"));
  } else if (endpoint === "") {
    found.add(path, exactlyOne("openTelemetry", "endpoint", "backendRef"));
  } else if (/[/?#]/.test(endpoint)) {
    found.add(member(path, "endpoint"), "must be in host:port format, not a URL");
  } else if (rules.needsPort === true && splitHostPort(endpoint) === undefined) {
    found.add(member(path, "endpoint"), "must be in host:port format");
  }
}

/** The warning about endpoints in place, once however many of the backends have one. */
export function otelDeprecations(backends: readonly JsonObject[]): readonly string[] {
  const hasEndpoint = backends.some((backend) => {
    const target = objectAt(backend, "openTelemetry");
    return textAt(target, "endpoint") !== "" && messageAt(target, "backendRef") === undefined;
  });
  return hasEndpoint ? [ENDPOINT_WARNING] : [];
}

function checkBackendRef(ref: JsonObject, path: string, found: Violations): void {
  if (textAt(ref, "kind") !== BACKEND_KIND) found.add(member(path, "kind"), quotedChoice("kind", [BACKEND_KIND]));
  if (Object.keys(objectAt(ref, "labels")).length === 0) found.add(path, exactlyOne("backendRef", "labels"));
}
