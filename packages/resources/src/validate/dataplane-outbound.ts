/** Rules of outbounds and reachable backends. Source: kuma v2.14.3: pkg/core/resources/apis/mesh/dataplane_validator.go. */
import type { JsonObject } from "@isthmus/std";
import { byteLength, isDns1123Subdomain } from "../kubernetes-names.ts";
import { NAME_MAX_BYTES } from "../names.ts";
import { at, member, type Violations } from "../violation.ts";
import { isIpAddress } from "./host.ts";
import { messageAt, numberAt, objectAt, objectsAt, textAt, textsAt } from "./json-access.ts";
import { checkFlatPort } from "./primitives.ts";
import { checkTags, SERVICE_TAG } from "./tags.ts";

const BACKEND_KINDS = ["MeshExternalService", "MeshMultiZoneService", "MeshService"] as const;
const UNKNOWN_KIND = `invalid value. Available values are: ${BACKEND_KINDS.join(",")}`;
/** Without the first `y`, as Kuma spells the path. */
const REFS = "networking.transparentProxing.reachableBackends.refs";

export function checkOutbound(outbound: JsonObject, path: string, found: Violations): void {
  checkFlatPort(numberAt(outbound, "port"), member(path, "port"), found);
  const address = textAt(outbound, "address");
  if (address !== "" && !isIpAddress(address)) {
    found.add(member(path, "address"), "address has to be valid IP address");
  }
  const tags = textsAt(outbound, "tags");
  const backendRef = messageAt(outbound, "backendRef");
  if (backendRef === undefined) {
    if (tags.size > 0) checkTags(tags, member(path, "tags"), found, { needsService: true });
    else found.add(member(path, "tags"), `mandatory tag "${SERVICE_TAG}" is missing`);
    return;
  }
  checkBackendRef(backendRef, member(path, "backendRef"), found);
  if (tags.size > 0) found.add(member(path, "backendRef"), "both backendRef and tags/service cannot be defined");
}

export function checkReachableBackends(transparentProxying: JsonObject, found: Violations): void {
  for (const [index, ref] of objectsAt(objectAt(transparentProxying, "reachableBackends"), "refs").entries()) {
    const path = at(REFS, index);
    const name = textAt(ref, "name");
    const namespace = textAt(ref, "namespace");
    const hasLabels = textsAt(ref, "labels").size > 0;
    if (!isKnownKind(textAt(ref, "kind"))) found.add(member(path, "kind"), UNKNOWN_KIND);
    const error = name === "" ? undefined : nameError(name);
    if (error !== undefined) found.add(member(path, "name"), error);
    if (name === "" && namespace === "" && !hasLabels) found.add(member(path, "name"), "name or labels are required");
    if (name === "" && namespace !== "") {
      found.add(member(path, "name"), "name is required, when namespace is defined");
    }
    if ((name !== "" || namespace !== "") && hasLabels) {
      found.add(member(path, "labels"), "labels cannot be defined when name is specified");
    }
  }
}

function checkBackendRef(ref: JsonObject, path: string, found: Violations): void {
  const kind = textAt(ref, "kind");
  if (!isKnownKind(kind)) found.add(member(path, "kind"), UNKNOWN_KIND);
  if (textAt(ref, "name") === "" && textsAt(ref, "labels").size === 0) {
    found.add(path, "either 'name' or 'labels' should be specified");
  }
  // An external service has one port only, which its endpoints tell.
  if (kind !== "MeshExternalService") checkFlatPort(numberAt(ref, "port"), member(path, "port"), found);
}

const isKnownKind = (kind: string): boolean => BACKEND_KINDS.some((known) => known === kind);

function nameError(name: string): string | undefined {
  if (byteLength(name) > NAME_MAX_BYTES) return `value length must less or equal ${NAME_MAX_BYTES}`;
  return isDns1123Subdomain(name)
    ? undefined
    : "invalid characters. A lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', " +
        "and must start and end with an alphanumeric character";
}
