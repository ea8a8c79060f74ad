/**
 * Rules of a MeshOpenTelemetryBackend.
 * Source: kuma v2.14.3: pkg/core/resources/apis/meshopentelemetrybackend/api/v1alpha1/validator.go.
 */
import type { JsonObject } from "@isthmus/std";
import type { Resource } from "../resource.ts";
import { member, type Violation, Violations } from "../violation.ts";
import { isDnsName, isIpAddress } from "./host.ts";
import { numberAt, objectAt, optionalTextAt, textAt, valueAt } from "./json-access.ts";
import { checkSpecPort, MUST_NOT_BE_EMPTY, quotedChoice } from "./primitives.ts";

const GRPC = "grpc";
const PROTOCOLS = [GRPC, "http"] as const;
const ENV_CHOICES = {
  mode: ["Disabled", "Optional", "Required"],
  precedence: ["ExplicitFirst", "EnvFirst"],
} as const;

export function validateMeshOpenTelemetryBackend({ spec }: Resource): readonly Violation[] {
  const found = new Violations();
  const protocol = textAt(spec, "protocol") || GRPC;
  checkEndpoint(objectAt(spec, "endpoint"), protocol, found);
  checkChoice(protocol, PROTOCOLS, "protocol", "spec", found);
  for (const name of ["mode", "precedence"] as const) {
    checkChoice(textAt(objectAt(spec, "env"), name), ENV_CHOICES[name], name, "spec.env", found);
  }
  return found.list;
}

/** Each member is optional: what is left out comes from the environment of the proxy. */
function checkEndpoint(endpoint: JsonObject, protocol: string, found: Violations): void {
  const address = optionalTextAt(endpoint, "address");
  if (address === "") found.add("spec.endpoint.address", MUST_NOT_BE_EMPTY);
  else if (address !== undefined && !isIpAddress(address) && !isDnsName(address)) {
    found.add("spec.endpoint.address", "address has to be a valid IP or hostname");
  }
  if (valueAt(endpoint, "port") !== undefined) checkSpecPort(numberAt(endpoint, "port"), "spec.endpoint.port", found);
  const path = textAt(endpoint, "path");
  if (path === "") return;
  if (protocol === GRPC) {
    found.add("spec.endpoint.path", "must not be set when protocol is grpc");
    return;
  }
  if (!path.startsWith("/")) found.add("spec.endpoint.path", "must start with /");
  if (/[?#]/.test(path)) found.add("spec.endpoint.path", "must not contain query or fragment");
}

/** "" stands for a member that is not there. */
function checkChoice(value: string, allowed: readonly string[], name: string, path: string, found: Violations): void {
  if (value !== "" && !allowed.includes(value)) found.add(member(path, name), quotedChoice(name, allowed));
}
