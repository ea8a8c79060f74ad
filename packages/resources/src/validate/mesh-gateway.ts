/** Rules of a MeshGateway. Source: kuma v2.14.3: pkg/core/resources/apis/mesh/gateway_validator.go. */
import type { JsonObject } from "@isthmus/std";
import type { Resource } from "../resource.ts";
import { at, type Violation, Violations } from "../violation.ts";
import { CANNOT_BE_EMPTY } from "./flat-amounts.ts";
import { enumAt, flagAt, listAt, messageAt, numberAt, objectAt, objectsAt, textAt, textsAt } from "./json-access.ts";
import { checkFlatPort } from "./primitives.ts";
import { checkSelectors, SERVICE_AND_MORE } from "./selectors.ts";
import { checkSelector, PROTOCOL_TAG, SERVICE_TAG, type TagRules, ZONE_TAG } from "./tags.ts";

const HOSTNAME_MAX_BYTES = 253;
const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
/** One of RSA and one of ECDSA. */
const CERTIFICATES_MAX = 2;

const RESERVED_TAGS = ["kuma.io/external-service-name", PROTOCOL_TAG, SERVICE_TAG, ZONE_TAG];
/** Tags that proxies of the gateway get, beside those that they have of their own. */
const OWN_TAGS: TagRules = {
  nameError: (name) => (RESERVED_TAGS.includes(name) ? `tag name must not be "${name}"` : undefined),
};

export function validateMeshGateway({ spec }: Resource): readonly Violation[] {
  const found = new Violations();
  const conf = messageAt(spec, "conf");
  const listeners = objectsAt(conf ?? {}, "listeners");
  const atMostOne = listeners.some((listener) => flagAt(listener, "crossMesh"));
  checkSelectors(spec, "selectors", { ...SERVICE_AND_MORE, atMostOne }, found);
  checkSelector(textsAt(spec, "tags"), "tags", found, OWN_TAGS);
  if (conf === undefined) {
    found.add("conf", CANNOT_BE_EMPTY);
    return found.list;
  }
  if (listeners.length === 0) found.add("conf.listeners", CANNOT_BE_EMPTY);
  for (const [index, listener] of listeners.entries()) checkListener(listener, at("conf.listeners", index), found);
  checkConflicts(listeners, "conf.listeners", found);
  return found.list;
}

function checkListener(listener: JsonObject, path: string, found: Violations): void {
  const hostname = textAt(listener, "hostname");
  if (hostname !== "") checkHostname(hostname, `${path}.hostname`, found);
  checkFlatPort(numberAt(listener, "port"), `${path}.port`, found);
  const tls = messageAt(listener, "tls");
  const isCrossMesh = flagAt(listener, "crossMesh");
  const protocol = protocolOf(listener);
  if (protocol === "NONE") found.add(`${path}.protocol`, CANNOT_BE_EMPTY);
  else if (protocol === "HTTPS") checkHttps(tls, isCrossMesh, path, found);
  if (tls !== undefined) {
    if (isCrossMesh) checkNoTls(tls, `${path}.tls`, found);
    else checkTls(tls, `${path}.tls`, found);
  }
  checkSelector(textsAt(listener, "tags"), `${path}.tags`, found, OWN_TAGS);
}

const protocolOf = (listener: JsonObject): string => enumAt(listener, "protocol", "NONE");
const tlsMode = (tls: JsonObject): string => enumAt(tls, "mode", "NONE");
const countCertificates = (tls: JsonObject): number => (listAt(tls, "certificates") ?? []).length;

/** `*`, `*.<domain>` or a domain. */
function checkHostname(hostname: string, path: string, found: Violations): void {
  if (hostname === "*") return;
  if (Buffer.byteLength(hostname) > HOSTNAME_MAX_BYTES) {
    found.add(path, `must be at most ${HOSTNAME_MAX_BYTES} characters`);
  }
  const isWildcard = hostname.startsWith("*.");
  const labels = (isWildcard ? hostname.slice(2) : hostname).split(".");
  if (labels.every((label) => LABEL.test(label))) return;
  found.add(path, isWildcard ? "invalid wildcard domain" : "invalid hostname");
}

function checkHttps(tls: JsonObject | undefined, isCrossMesh: boolean, path: string, found: Violations): void {
  if (isCrossMesh) found.add(`${path}.protocol`, "protocol is not supported with crossMesh");
  else if (tls === undefined) found.add(`${path}.tls`, CANNOT_BE_EMPTY);
  else if (tlsMode(tls) === "PASSTHROUGH") {
    found.add(`${path}.tls.mode`, "mode is not supported on HTTPS listeners");
  }
}

function checkTls(tls: JsonObject, path: string, found: Violations): void {
  const mode = tlsMode(tls);
  if (mode === "NONE") found.add(`${path}.mode`, CANNOT_BE_EMPTY);
  if (mode !== "TERMINATE") return;
  const count = countCertificates(tls);
  if (count === 0) found.add(`${path}.certificates`, "cannot be empty in TLS termination mode");
  else if (count > CERTIFICATES_MAX) {
    found.add(`${path}.certificates`, `cannot have more than ${CERTIFICATES_MAX} certificates`);
  }
}

/** Between meshes their own certificates are used. */
function checkNoTls(tls: JsonObject, path: string, found: Violations): void {
  if (tlsMode(tls) !== "NONE" || countCertificates(tls) > 0) found.add(path, "must be empty with crossMesh");
}

/** Listeners on one port share a listener of Envoy. The order of these violations is accidental in Kuma. */
function checkConflicts(listeners: readonly JsonObject[], path: string, found: Violations): void {
  const ports = [...groupIndexes(listeners, (listener) => numberAt(listener, "port")).values()];
  const groupsOf = (port: readonly number[], keyOf: (listener: JsonObject) => unknown): number[][] => [
    ...groupIndexes(listeners, keyOf, port).values(),
  ];
  for (const port of ports) {
    const protocols = groupsOf(port, protocolOf);
    for (const index of protocols.length > 1 ? protocols.flat() : []) {
      found.add(at(path, index), "protocol conflicts with other listeners on this port");
    }
  }
  for (const port of ports) {
    const shared = groupsOf(port, (listener) => textAt(listener, "hostname") || "*").filter(({ length }) => length > 1);
    for (const index of shared.flat()) found.add(at(path, index), "multiple listeners for hostname on this port");
  }
  for (const port of ports) {
    const limits = groupsOf(port, connectionLimit).filter(([first = 0]) => connectionLimit(listeners[first]) !== 0);
    for (const index of limits.length > 1 ? limits.flat() : []) {
      found.add(`${at(path, index)}.resources.connectionLimit`, "conflicting values for this port");
    }
  }
}

const connectionLimit = (listener: JsonObject = {}): number =>
  numberAt(objectAt(listener, "resources"), "connectionLimit");

/** Indexes of listeners by key, of all of them or of those at `among`. */
function groupIndexes<Key>(
  listeners: readonly JsonObject[],
  keyOf: (listener: JsonObject) => Key,
  among: readonly number[] = [...listeners.keys()],
): Map<Key, number[]> {
  const groups = new Map<Key, number[]>();
  for (const index of among) {
    const key = keyOf(listeners[index] ?? {});
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [index]);
    else group.push(index);
  }
  return groups;
}
