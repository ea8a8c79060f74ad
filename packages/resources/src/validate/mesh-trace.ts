/** Rules of a MeshTrace. Source: kuma v2.14.3: pkg/plugins/policies/meshtrace/api/v1alpha1/validator.go. */
import type { JsonObject } from "@isthmus/std";
import type { Resource } from "../resource.ts";
import { at, type Violation, Violations } from "../violation.ts";
import { isPercentage, parseDecimal } from "./decimal.ts";
import { parseRequestUri } from "./go-url.ts";
import { listAt, messageAt, objectAt, objectsAt, optionalTextAt, textAt, valueAt } from "./json-access.ts";
import { isUrl } from "./loose-url.ts";
import { checkOtelTarget, otelDeprecations } from "./otel-target.ts";
import { checkPartOfType, type PartsOfTypes } from "./part-of-type.ts";
import { targetRefDeprecations } from "./policy-lists.ts";
import { checkSpecPort, MUST_BE_DEFINED, MUST_NOT_BE_DEFINED, MUST_NOT_BE_EMPTY, onlyOne } from "./primitives.ts";
import { checkTopTargetRef, type TopTargetRefRules } from "./target-ref.ts";

const TOP: TopTargetRefRules = {
  system: { kinds: ["Mesh", "MeshSubset", "MeshGateway", "MeshService", "MeshServiceSubset", "Dataplane"] },
  otherRoles: { kinds: ["Mesh", "MeshSubset", "MeshService", "MeshServiceSubset", "Dataplane"] },
};
const NO_URL = "must be a valid url";

export function validateMeshTrace(resource: Resource): readonly Violation[] {
  const found = new Violations();
  checkTopTargetRef(resource, TOP, found);
  const conf = objectAt(resource.spec, "default");
  checkBackends(conf, "spec.default.backends", found);
  for (const [index, tag] of objectsAt(conf, "tags").entries()) checkTag(tag, at("spec.default.tags", index), found);
  const sampling = objectAt(conf, "sampling");
  for (const name of ["client", "random", "overall"]) checkShare(sampling, name, "spec.default.sampling", found);
  return found.list;
}

export function meshTraceDeprecations({ spec }: Resource): readonly string[] {
  return [...otelDeprecations(objectsAt(objectAt(spec, "default"), "backends")), ...targetRefDeprecations(spec)];
}

function checkBackends(conf: JsonObject, path: string, found: Violations): void {
  if (listAt(conf, "backends") === undefined) found.add(path, MUST_BE_DEFINED);
  const [backend, ...others] = objectsAt(conf, "backends");
  if (others.length > 0) found.add(path, "must have zero or one backend defined");
  else if (backend !== undefined) checkPartOfType(backend, BACKENDS, at(path, 0), found);
}

const BACKENDS: PartsOfTypes = new Map([
  ["Datadog", ["datadog", (datadog, path, found) => checkDatadog(textAt(datadog, "url"), `${path}.url`, found)]],
  ["Zipkin", ["zipkin", (zipkin, path, found) => checkZipkin(textAt(zipkin, "url"), `${path}.url`, found)]],
  ["OpenTelemetry", ["openTelemetry", checkOtelTarget]],
]);

function checkZipkin(url: string, path: string, found: Violations): void {
  if (url === "") found.add(path, MUST_NOT_BE_EMPTY);
  else if (!isUrl(url)) found.add(path, NO_URL);
}

/** Host and port of an agent, written as a URL. */
function checkDatadog(text: string, path: string, found: Violations): void {
  const url = parseRequestUri(text);
  if (url === undefined) {
    found.add(path, NO_URL);
    return;
  }
  if (url.scheme !== "http") found.add(path, "scheme must be http");
  if (url.port === "") found.add(path, `port ${MUST_BE_DEFINED}`);
  else checkSpecPort(Number(url.port), path, found);
  const surplus = { opaque: url.opaque !== "", user: url.hasUser, path: url.path !== "", query: url.query !== "" };
  for (const [name, isThere] of Object.entries(surplus)) if (isThere) found.add(path, `${name} ${MUST_NOT_BE_DEFINED}`);
}

function checkTag(tag: JsonObject, path: string, found: Violations): void {
  if (textAt(tag, "name") === "") found.add(`${path}.name`, MUST_NOT_BE_EMPTY);
  const hasHeader = messageAt(tag, "header") !== undefined;
  if (hasHeader === (optionalTextAt(tag, "literal") !== undefined)) {
    found.add(path, onlyOne("tag", "header", "literal"));
  }
}

function checkShare(sampling: JsonObject, name: string, path: string, found: Violations): void {
  const value = valueAt(sampling, name);
  if (value === undefined) return;
  const decimal = parseDecimal(value);
  if (decimal === undefined) found.add(`${path}.${name}`, "string is not a number");
  else if (!isPercentage(decimal)) found.add(`${path}.${name}`, "must be between 0 and 100");
}
