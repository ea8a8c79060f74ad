/**
 * Rules of a Mesh that hold for every write. Source: kuma v2.14.3: pkg/core/resources/apis/mesh/mesh_validator.go.
 * What only the manager of meshes checks (CA backends, changes of the CA) is in `mesh-ca.ts`.
 */
import type { JsonObject } from "@isthmus/std";
import type { Resource } from "../resource.ts";
import { at, member, type Violation, Violations } from "../violation.ts";
import { goQuote } from "./go-quote.ts";
import { flagAt, messageAt, objectAt, objectsAt, textAt, textsAt } from "./json-access.ts";
import { checkLoggingBackend, checkMetricsBackend, checkTracingBackend } from "./mesh-backends.ts";
import { defaultPrometheusConfig, PROMETHEUS } from "./prometheus-config.ts";
import { checkSelector } from "./tags.ts";

const MTLS_BACKENDS_MAX = 1;
/** Lifetimes such as `10y`; `0` alone needs no unit. */
const LIFETIME = /^(?:0|\d+(?:y|w|d|h|m|s|ms))$/;

export function validateMesh(mesh: Resource): readonly Violation[] {
  const { spec } = mesh;
  const found = new Violations();
  checkMtls(objectAt(spec, "mtls"), found);
  checkBackends(objectAt(spec, "logging"), "logging", checkLoggingBackend, found);
  checkBackends(objectAt(spec, "tracing"), "tracing", checkTracingBackend, found);
  checkMetrics(objectAt(spec, "metrics"), found);
  checkConstraints(objectAt(objectAt(spec, "constraints"), "dataplaneProxy"), found);
  if (flagAt(objectAt(spec, "routing"), "zoneEgress") && textAt(objectAt(spec, "mtls"), "enabledBackend") === "") {
    found.add("mtls", "has to be set when zoneEgress enabled");
  }
  return found.list;
}

/** Fills in the prometheus backends, as every create and update does. */
export function defaultMesh(spec: JsonObject): JsonObject {
  const metrics = messageAt(spec, "metrics");
  if (metrics === undefined) return spec;
  const backends = objectsAt(metrics, "backends").map((backend) => {
    const conf =
      textAt(backend, "type") === PROMETHEUS ? defaultPrometheusConfig(messageAt(backend, "conf")) : undefined;
    return conf === undefined ? backend : { ...backend, conf };
  });
  return backends.length === 0 ? spec : { ...spec, metrics: { ...metrics, backends } };
}

/** Whether a text is a lifetime as certificates have it. */
export const isLifetime = (text: string): boolean => LIFETIME.test(text);

function checkMtls(mtls: JsonObject, found: Violations): void {
  const backends = objectsAt(mtls, "backends");
  if (backends.length > MTLS_BACKENDS_MAX) {
    found.add("mtls.backends", `cannot have more than ${MTLS_BACKENDS_MAX} backends`);
  }
  const names = new Set<string>();
  for (const [index, backend] of backends.entries()) {
    checkName(textAt(backend, "name"), names, at("mtls.backends", index), found);
    const dpCert = messageAt(backend, "dpCert");
    if (dpCert !== undefined && !isLifetime(textAt(objectAt(dpCert, "rotation"), "expiration"))) {
      found.add("mtls.dpcert.rotation.expiration", "has to be a valid format");
    }
  }
  checkChoice(textAt(mtls, "enabledBackend"), names, "mtls.enabledBackend", "backends in the mesh", found);
}

/** Logging and tracing. */
function checkBackends(
  section: JsonObject,
  path: "logging" | "tracing",
  checkBackend: (backend: JsonObject, path: string, found: Violations) => void,
  found: Violations,
): void {
  const names = new Set<string>();
  for (const [index, backend] of objectsAt(section, "backends").entries()) {
    const backendPath = at(`${path}.backends`, index);
    checkBackend(backend, backendPath, found);
    checkName(textAt(backend, "name"), names, backendPath, found);
  }
  checkChoice(textAt(section, "defaultBackend"), names, `${path}.defaultBackend`, `${path} backend in mesh`, found);
}

function checkMetrics(metrics: JsonObject, found: Violations): void {
  const names = new Set<string>();
  for (const [index, backend] of objectsAt(metrics, "backends").entries()) {
    const path = at("metrics.backends", index);
    checkName(textAt(backend, "name"), names, path, found);
    checkMetricsBackend(backend, path, found);
  }
  checkChoice(textAt(metrics, "enabledBackend"), names, "metrics.enabledBackend", "backends in the mesh", found);
}

function checkConstraints(constraints: JsonObject, found: Violations): void {
  for (const name of ["requirements", "restrictions"] as const) {
    for (const [index, rule] of objectsAt(constraints, name).entries()) {
      const path = member(at(`constraints.dataplaneProxy.${name}`, index), "tags");
      checkSelector(textsAt(rule, "tags"), path, found, { needsOne: true });
    }
  }
}

/** Adds the name to those taken. */
function checkName(name: string, taken: Set<string>, backendPath: string, found: Violations): void {
  if (taken.has(name)) {
    found.add(member(backendPath, "name"), `${goQuote(name)} name is already used for another backend`);
  }
  taken.add(name);
}

function checkChoice(name: string, known: ReadonlySet<string>, path: string, what: string, found: Violations): void {
  if (name !== "" && !known.has(name)) found.add(path, `has to be set to one of the ${what}`);
}
