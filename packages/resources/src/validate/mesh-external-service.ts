/**
 * Rules of a MeshExternalService.
 * Source: kuma v2.14.3: pkg/core/resources/apis/meshexternalservice/api/v1alpha1/validator.go.
 */
import type { JsonObject } from "@isthmus/std";
import { displayName } from "../labels.ts";
import type { Resource } from "../resource.ts";
import { at, member, type Violation, Violations } from "../violation.ts";
import { isDnsName, isIpAddress } from "./host.ts";
import { messageAt, numberAt, objectAt, objectsAt, optionalTextAt, textAt } from "./json-access.ts";
import { SERVICE_NAME_MAX_BYTES } from "./mesh-service.ts";
import { checkLength, checkSpecPort, MUST_BE_DEFINED, MUST_NOT_BE_EMPTY, quotedChoice } from "./primitives.ts";
import { checkTlsVersion } from "./tls-version.ts";

const MATCH_TYPE = "HostnameGenerator";
/** Choices in the order in which messages name them. */
const PROTOCOLS = ["tcp", "grpc", "http", "http2"] as const;
const VERIFICATION_MODES = ["SkipSAN", "SkipCA", "SkipAll", "Secured"] as const;
const SAN_TYPES = ["Prefix", "Exact"] as const;

export function validateMeshExternalService(resource: Resource): readonly Violation[] {
  const { spec } = resource;
  const found = new Violations();
  checkLength(displayName(resource), SERVICE_NAME_MAX_BYTES, "name", found);
  checkMatch(objectAt(spec, "match"), found);
  const extension = messageAt(spec, "extension");
  if (extension === undefined) {
    checkEndpoints(objectsAt(spec, "endpoints"), found);
    checkTls(objectAt(spec, "tls"), found);
  } else if (textAt(extension, "type") === "") {
    // What the endpoints of an extension mean is up to it.
    found.add("spec.extension.type", MUST_NOT_BE_EMPTY);
  }
  return found.list;
}

function checkMatch(match: JsonObject, found: Violations): void {
  const type = textAt(match, "type");
  if (type !== "" && type !== MATCH_TYPE) {
    found.add("spec.match.type", `unrecognized type '${type}' - only '${MATCH_TYPE}' is supported`);
  }
  checkSpecPort(numberAt(match, "port"), "spec.match.port", found);
  checkChoice(textAt(match, "protocol"), PROTOCOLS, "protocol", "spec.match", found);
}

function checkEndpoints(endpoints: readonly JsonObject[], found: Violations): void {
  for (const [index, endpoint] of endpoints.entries()) {
    const path = at("spec.endpoints", index);
    const address = textAt(endpoint, "address");
    if (isIpAddress(address) || isDnsName(address)) {
      checkSpecPort(numberAt(endpoint, "port"), member(path, "port"), found);
    } else {
      found.add(member(path, "address"), "address has to be a valid IP or hostname");
    }
  }
}

function checkTls(tls: JsonObject, found: Violations): void {
  const version = messageAt(tls, "version");
  if (version !== undefined) checkTlsVersion(version, "spec.tls.version", found);
  const verification = messageAt(tls, "verification");
  if (verification === undefined) return;
  const path = "spec.tls.verification";
  const serverName = optionalTextAt(verification, "serverName");
  if (serverName !== undefined && !isDnsName(serverName)) {
    found.add(member(path, "serverName"), "must be a valid DNS name");
  }
  const mode = textAt(verification, "mode");
  if (mode !== "") checkChoice(mode, VERIFICATION_MODES, "mode", path, found);
  for (const [index, san] of objectsAt(verification, "subjectAltNames").entries()) {
    checkChoice(textAt(san, "type"), SAN_TYPES, "type", at(member(path, "subjectAltNames"), index), found);
  }
  const hasCert = messageAt(verification, "clientCert") !== undefined;
  const hasKey = messageAt(verification, "clientKey") !== undefined;
  if (hasCert && !hasKey) found.add(member(path, "clientKey"), `${MUST_BE_DEFINED} when clientCert is defined`);
  if (hasKey && !hasCert) found.add(member(path, "clientCert"), `${MUST_BE_DEFINED} when clientKey is defined`);
}

function checkChoice(value: string, allowed: readonly string[], name: string, path: string, found: Violations): void {
  if (!allowed.includes(value)) found.add(member(path, name), quotedChoice(name, allowed));
}
