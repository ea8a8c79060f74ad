/** Rules of one inbound of a Dataplane. Source: kuma v2.14.3: pkg/core/resources/apis/mesh/dataplane_validator.go. */
import type { JsonObject } from "@isthmus/std";
import { parseProtocol, SUPPORTED_PROTOCOLS } from "../protocol.ts";
import { member, type Violations } from "../violation.ts";
import { checkNotZeroDuration, checkThreshold } from "./flat-amounts.ts";
import { goQuote } from "./go-quote.ts";
import { addressesOverlap, isIpAddress } from "./host.ts";
import { messageAt, numberAt, textAt, textsAt, valueAt } from "./json-access.ts";
import { allowedValues, checkFlatPort, key } from "./primitives.ts";
import { checkTags, PROTOCOL_TAG, SERVICE_TAG } from "./tags.ts";

const HINT = allowedValues(SUPPORTED_PROTOCOLS);

export function checkInbound(inbound: JsonObject, proxyAddress: string, path: string, found: Violations): void {
  const port = numberAt(inbound, "port");
  const servicePort = numberAt(inbound, "servicePort");
  checkFlatPort(port, member(path, "port"), found);
  if (servicePort !== 0) checkFlatPort(servicePort, member(path, "servicePort"), found);
  checkAddresses(inbound, proxyAddress, servicePort === 0 || servicePort === port, path, found);
  checkInboundTags(textsAt(inbound, "tags"), path, found);
  const protocol = textAt(inbound, "protocol");
  if (protocol !== "" && parseProtocol(protocol) === undefined) {
    found.add(member(path, "protocol"), `has an invalid value ${goQuote(protocol)}. ${HINT}`);
  }
  checkServiceProbe(messageAt(inbound, "serviceProbe"), member(path, "serviceProbe"), found);
  const tags = textsAt(inbound, "tags");
  if (tags.size > 0 && !tags.has(SERVICE_TAG)) found.add(key(member(path, "tags"), SERVICE_TAG), "tag has to exist");
}

/** Whether the inbound listens on that address and port, for the proxy or for the application behind it. */
export function usesInbound(inbound: JsonObject, networking: JsonObject, address: string, port: number): boolean {
  const proxyAddress = textAt(inbound, "address") || textAt(networking, "address");
  const proxyPort = numberAt(inbound, "port");
  const serviceAddress = textAt(inbound, "serviceAddress") || proxyAddress;
  const servicePort = numberAt(inbound, "servicePort") || proxyPort;
  return (
    (port === proxyPort && addressesOverlap(address, proxyAddress)) ||
    (port === servicePort && addressesOverlap(address, serviceAddress))
  );
}

export function usesOutbound(outbound: JsonObject, address: string, port: number): boolean {
  return port === numberAt(outbound, "port") && addressesOverlap(address, textAt(outbound, "address") || "127.0.0.1");
}

/** The application must not be where the proxy listens, or the proxy would call itself. */
function checkAddresses(
  inbound: JsonObject,
  proxyAddress: string,
  isSamePort: boolean,
  path: string,
  found: Violations,
): void {
  const address = textAt(inbound, "address");
  const serviceAddress = textAt(inbound, "serviceAddress");
  const mustDiffer = (): void =>
    found.add(member(path, "serviceAddress"), "serviceAddress and servicePort has to differ from address and port");
  if (serviceAddress !== "") {
    if (!isIpAddress(serviceAddress)) {
      found.add(member(path, "serviceAddress"), "serviceAddress has to be valid IP address");
    }
    if (serviceAddress === proxyAddress && isSamePort) mustDiffer();
  }
  if (address !== "") {
    if (!isIpAddress(address)) found.add(member(path, "address"), "address has to be valid IP address");
    if (address === serviceAddress && isSamePort) mustDiffer();
  }
}

function checkInboundTags(tags: ReadonlyMap<string, string>, path: string, found: Violations): void {
  const field = member(path, "tags");
  const protocol = tags.get(PROTOCOL_TAG);
  if (protocol !== undefined && parseProtocol(protocol) === undefined) {
    found.add(key(field, PROTOCOL_TAG), `tag "${PROTOCOL_TAG}" has an invalid value ${goQuote(protocol)}. ${HINT}`);
  }
  checkTags(tags, field, found);
}

function checkServiceProbe(probe: JsonObject | undefined, path: string, found: Violations): void {
  if (probe === undefined) return;
  for (const name of ["interval", "timeout"] as const) {
    if (valueAt(probe, name) !== undefined) checkNotZeroDuration(probe, name, path, found);
  }
  for (const name of ["unhealthyThreshold", "healthyThreshold"] as const) {
    if (valueAt(probe, name) !== undefined) checkThreshold(probe, name, path, found);
  }
}
