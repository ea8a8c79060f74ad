/** Rules of an ExternalService. Source: kuma v2.14.3: pkg/core/resources/apis/mesh/external_service_validator.go. */
import type { JsonObject } from "@isthmus/std";
import { parseProtocol, SUPPORTED_PROTOCOLS } from "../protocol.ts";
import type { Resource } from "../resource.ts";
import { type Violation, Violations } from "../violation.ts";
import { dataSourceFrom } from "./data-source.ts";
import { goQuote } from "./go-quote.ts";
import { splitHostPort } from "./go-url.ts";
import { isDnsName, isIpAddress } from "./host.ts";
import { messageAt, objectAt, optionalTextAt, textAt, textsAt } from "./json-access.ts";
import { allowedValues, checkFlatPort, key } from "./primitives.ts";
import { checkTags, PROTOCOL_TAG, SERVICE_TAG } from "./tags.ts";

const UINT32_MAX = 0xffff_ffff;

export function validateExternalService({ spec }: Resource): readonly Violation[] {
  const found = new Violations();
  const networking = messageAt(spec, "networking");
  if (networking === undefined) found.add("networking", "should have networking");
  else {
    checkAddress(textAt(networking, "address"), found);
    checkTls(objectAt(networking, "tls"), "networking.tls", found);
  }
  const tags = textsAt(spec, "tags");
  const protocol = tags.get(PROTOCOL_TAG);
  if (protocol !== undefined && parseProtocol(protocol) === undefined) {
    const hint = allowedValues(SUPPORTED_PROTOCOLS);
    found.add(key("tags", PROTOCOL_TAG), `tag "${PROTOCOL_TAG}" has an invalid value ${goQuote(protocol)}. ${hint}`);
  }
  checkTags(tags, "tags", found, { needsService: true });
  const service = tags.get(SERVICE_TAG) ?? "";
  if (service !== "" && splitHostPort(textAt(objectAt(spec, "networking"), "address"))?.host === service) {
    found.add(key("tags", SERVICE_TAG), "cannot be the same as networking.address");
  }
  return found.list;
}

/** One that cannot be taken apart has no host and no port either, and is told so as well. */
function checkAddress(address: string, found: Violations): void {
  const path = "networking.address";
  if (address === "") {
    found.add(path, "address can't be empty");
    return;
  }
  const parts = splitHostPort(address);
  if (parts === undefined) found.add(path, "unable to parse address");
  const { host, port } = parts ?? { host: "", port: "" };
  if (!isIpAddress(host) && !isDnsName(host)) {
    found.add(path, "address has to be a valid IP address or a domain name");
  }
  const isNumber = /^\d+$/.test(port) && Number(port) <= UINT32_MAX;
  if (!isNumber) found.add(path, "unable to parse port in address");
  checkFlatPort(isNumber ? Number(port) : 0, path, found);
}

function checkTls(tls: JsonObject, path: string, found: Violations): void {
  if (optionalTextAt(tls, "serverName") === "") found.add(`${path}.serverName`, "cannot be empty");
  for (const name of ["caCert", "clientCert", "clientKey"]) {
    const source = messageAt(tls, name);
    const chosen = source === undefined ? undefined : dataSourceFrom(source);
    const isEmpty = chosen === undefined || (chosen.kind === "inline" ? chosen.bytes.length === 0 : chosen.text === "");
    if (source !== undefined && isEmpty) found.add(`${path}.${name}`, "data source cannot be empty");
  }
}
