/** Rules of a MeshPassthrough. Source: kuma v2.14.3: pkg/plugins/policies/meshpassthrough/api/v1alpha1/validator.go. */
import type { JsonObject } from "@isthmus/std";
import type { Resource } from "../resource.ts";
import { at, type Violation, Violations } from "../violation.ts";
import { isCidr, isDnsName, isIpAddress } from "./host.ts";
import { numberAt, objectAt, objectsAt, textAt, valueAt } from "./json-access.ts";
import { checkSpecPort, quotedChoice } from "./primitives.ts";
import { checkTopTargetRef, type TopTargetRefRules } from "./target-ref.ts";

export const PASSTHROUGH_PROTOCOLS = ["tcp", "tls", "grpc", "http", "http2", "mysql"] as const;

const TOP: TopTargetRefRules = { system: { kinds: ["Mesh", "MeshSubset", "Dataplane"] } };
/** Protocols that cannot share a port with another one. */
const HTTP_PROTOCOLS = ["grpc", "http", "http2"];

export function validateMeshPassthrough(resource: Resource): readonly Violation[] {
  const found = new Violations();
  checkTopTargetRef(resource, TOP, found);
  const ports = new PortUse();
  for (const [index, match] of objectsAt(objectAt(resource.spec, "default"), "appendMatch").entries()) {
    checkMatch(match, at("spec.default.appendMatch", index), ports, found);
  }
  return found.list;
}

/** What the matches so far have said of each port. */
class PortUse {
  readonly #protocols = new Map<number, string>();
  readonly #values = new Set<string>();

  /** False when the port has another protocol already, with which this one cannot live. */
  addProtocol(port: number, protocol: string): boolean {
    const known = this.#protocols.get(port);
    if (known !== undefined && known !== protocol && HTTP_PROTOCOLS.includes(protocol)) return false;
    this.#protocols.set(port, protocol);
    return true;
  }

  /** False when it is there already. */
  addValue(port: number, protocol: string, value: string): boolean {
    const key = JSON.stringify([port, protocol, value]);
    if (this.#values.has(key)) return false;
    this.#values.add(key);
    return true;
  }
}

function checkMatch(match: JsonObject, path: string, ports: PortUse, found: Violations): void {
  const protocol = textAt(match, "protocol");
  const value = textAt(match, "value");
  const port = valueAt(match, "port") === undefined ? undefined : numberAt(match, "port");
  if (port === undefined) {
    if (protocol === "mysql") found.add(`${path}.port`, "port must be defined for Mysql protocol");
  } else {
    checkSpecPort(port, `${path}.port`, found);
    if (!ports.addProtocol(port, protocol)) {
      const reason = `using the same port in multiple matches requires the same protocol for the following protocols: [${HTTP_PROTOCOLS.join(" ")}]`;
      found.add(`${path}.port`, reason);
    }
    if (!ports.addValue(port, protocol, value)) {
      found.add(`${path}.value`, `value ${value} is already defiend for this port and protocol`);
    }
  }
  if (!PASSTHROUGH_PROTOCOLS.some((known) => known === protocol)) {
    found.add(`${path}.protocol`, quotedChoice("protocol", PASSTHROUGH_PROTOCOLS));
  }
  checkDestination(match, path, found);
}

function checkDestination(match: JsonObject, path: string, found: Violations): void {
  const type = textAt(match, "type");
  const value = textAt(match, "value");
  switch (type) {
    case "CIDR":
      if (!isCidr(value)) found.add(`${path}.value`, "provided CIDR has incorrect value");
      return;
    case "IP":
      if (!isIpAddress(value)) found.add(`${path}.value`, "provided IP has incorrect value");
      return;
    case "Domain":
      checkDomain(match, value, path, found);
      return;
    default:
      found.add(`${path}.type`, `provided type ${type} is not supported, one of Domain, IP, or CIDR is supported`);
  }
}

function checkDomain(match: JsonObject, domain: string, path: string, found: Violations): void {
  const protocol = textAt(match, "protocol");
  if (protocol === "tcp" || protocol === "mysql") {
    found.add(`${path}.protocol`, `protocol ${protocol} is not supported for a domain`);
  }
  if (/^\*[^.]/.test(domain)) {
    found.add(`${path}.value`, "provided DNS has incorrect value, partial wildcard is currently not supported");
  }
  if (valueAt(match, "port") === undefined && domain.startsWith("*") && HTTP_PROTOCOLS.includes(protocol)) {
    found.add(`${path}.port`, "wildcard domains doesn't work for all ports and layer 7 protocol");
  }
  const name = domain.startsWith("*.") ? domain.slice(2) : domain;
  if (!name.startsWith("*") && !isDnsName(name)) found.add(`${path}.value`, "provided DNS has incorrect value");
}
