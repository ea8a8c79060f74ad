/**
 * Rules of a MeshMetric. Messages call the items of `applications` and `backends` by their singular.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshmetric/api/v1alpha1/validator.go.
 */
import type { JsonObject } from "@isthmus/std";
import type { Resource } from "../resource.ts";
import { at, type Violation, Violations } from "../violation.ts";
import { goRegexpError } from "./go-regexp.ts";
import { messageAt, numberAt, objectAt, objectsAt, textAt } from "./json-access.ts";
import { checkOtelTarget, otelDeprecations } from "./otel-target.ts";
import { targetRefDeprecations } from "./policy-lists.ts";
import { checkSpecPort, MUST_BE_DEFINED } from "./primitives.ts";
import { checkTopTargetRef, type TopTargetRefRules } from "./target-ref.ts";

const TOP: TopTargetRefRules = {
  system: {
    kinds: ["Mesh", "MeshSubset", "MeshService", "MeshServiceSubset", "MeshGateway", "Dataplane"],
    allowsListenerTags: true,
  },
  otherRoles: { kinds: ["Mesh", "MeshSubset", "MeshService", "Dataplane", "MeshServiceSubset"] },
};
const PROFILES = ["All", "None", "Basic"];
/** The message leaves the last one out. */
const SELECTORS = ["Regex", "Prefix", "Exact", "Contains"];

export function validateMeshMetric(resource: Resource): readonly Violation[] {
  const found = new Violations();
  checkTopTargetRef(resource, TOP, found);
  const conf = objectAt(resource.spec, "default");
  checkProfiles(objectAt(objectAt(conf, "sidecar"), "profiles"), "spec.default.sidecar.profiles", found);
  for (const [index, application] of objectsAt(conf, "applications").entries()) {
    checkSpecPort(numberAt(application, "port"), at("spec.default.applications.application", index), found);
  }
  for (const [index, backend] of objectsAt(conf, "backends").entries()) {
    checkBackend(backend, at("spec.default.backends.backend", index), found);
  }
  return found.list;
}

export function meshMetricDeprecations({ spec }: Resource): readonly string[] {
  return [...otelDeprecations(objectsAt(objectAt(spec, "default"), "backends")), ...targetRefDeprecations(spec)];
}

function checkProfiles(profiles: JsonObject, path: string, found: Violations): void {
  for (const list of ["exclude", "include"]) {
    for (const [index, selector] of objectsAt(profiles, list).entries()) {
      checkSelector(selector, at(`${path}.${list}`, index), found);
    }
  }
  for (const [index, profile] of objectsAt(profiles, "appendProfiles").entries()) {
    const name = textAt(profile, "name");
    if (PROFILES.includes(name)) continue;
    const reason = `unrecognized profile name '${name}' - 'All', 'None', 'Basic' are supported`;
    found.add(`${at(`${path}.appendProfiles`, index)}.name`, reason);
  }
}

function checkSelector(selector: JsonObject, path: string, found: Violations): void {
  const type = textAt(selector, "type");
  if (!SELECTORS.includes(type)) {
    found.add(`${path}.type`, `unrecognized type '${type}' - 'Regex', 'Prefix', 'Exact' are supported`);
  } else if (type === "Regex" && goRegexpError(textAt(selector, "match")) !== undefined) {
    found.add(`${path}.match`, "invalid regex");
  }
}

function checkBackend(backend: JsonObject, path: string, found: Violations): void {
  switch (textAt(backend, "type")) {
    case "Prometheus": {
      const prometheus = messageAt(backend, "prometheus");
      if (prometheus === undefined) found.add(`${path}.prometheus`, MUST_BE_DEFINED);
      else checkSpecPort(numberAt(prometheus, "port"), `${path}.port`, found);
      return;
    }
    case "OpenTelemetry": {
      const target = messageAt(backend, "openTelemetry");
      if (target === undefined) found.add(`${path}.openTelemetry`, MUST_BE_DEFINED);
      else checkOtelTarget(target, `${path}.openTelemetry`, found, { needsPort: true });
      return;
    }
    default:
      found.add(path, "unrecognized type");
  }
}
