/**
 * Rules of a Dataplane. Three kinds of proxy differ in what they may define: delegated gateways, builtin gateways and all
 * others. Source: kuma v2.14.3: pkg/core/resources/apis/mesh/dataplane_validator.go.
 */
import type { JsonObject } from "@isthmus/std";
import { parseProtocol } from "../protocol.ts";
import type { Resource } from "../resource.ts";
import { at, member, type Violation, Violations } from "../violation.ts";
import { checkInbound, usesInbound, usesOutbound } from "./dataplane-inbound.ts";
import { checkListeners } from "./dataplane-listeners.ts";
import { checkOutbound, checkReachableBackends } from "./dataplane-outbound.ts";
import { goQuote } from "./go-quote.ts";
import { parseRequestUri } from "./go-url.ts";
import { enumAt, listAt, messageAt, numberAt, objectAt, objectsAt, textAt, textsAt } from "./json-access.ts";
import { checkMetricsBackend } from "./mesh-backends.ts";
import { checkAddress, checkFlatPort, key, MUST_BE_DEFINED } from "./primitives.ts";
import { checkTags, PROTOCOL_TAG } from "./tags.ts";

/** Envoy's admin listens here. */
const LOOPBACK = "127.0.0.1";
const NETWORKING = "networking";

interface Forbidden {
  readonly kind: string;
  readonly sections: readonly string[];
}

/** What gateways must not define. A type that this version does not know is treated as no gateway. */
const FORBIDDEN: Readonly<Partial<Record<string, Forbidden>>> = {
  DELEGATED: { kind: "delegated gateways", sections: ["inbound", "listeners"] },
  BUILTIN: { kind: "builtin gateways", sections: ["inbound", "outbound", "listeners"] },
};

export function validateDataplane({ spec }: Resource): readonly Violation[] {
  const found = new Violations();
  const networking = messageAt(spec, NETWORKING);
  if (networking === undefined) {
    found.add(NETWORKING, MUST_BE_DEFINED);
    return found.list;
  }
  checkAdmin(networking, found);
  const gateway = messageAt(networking, "gateway");
  const forbidden = gateway === undefined ? undefined : forbiddenFor(gatewayType(gateway));
  const isBuiltin = forbidden?.kind === "builtin gateways";
  if (gateway !== undefined && forbidden !== undefined) {
    forbid(networking, forbidden, found);
    if (isBuiltin && messageAt(spec, "probes") !== undefined) {
      found.add("networking.probes", `probes cannot be defined for ${forbidden.kind}`);
    }
    checkGateway(gateway, found);
  }
  checkNetworking(networking, found);
  if (!isBuiltin) checkProbes(messageAt(spec, "probes"), found);
  if (forbidden === undefined) {
    const metrics = messageAt(spec, "metrics");
    if (metrics !== undefined) checkMetricsBackend(metrics, "metrics", found);
    checkListeners(networking, found);
  }
  return found.list;
}

/** `DELEGATED` when the document leaves it out. */
export const gatewayType = (gateway: JsonObject): string => enumAt(gateway, "type", "DELEGATED");

function checkAdmin(networking: JsonObject, found: Violations): void {
  const admin = messageAt(networking, "admin");
  if (admin === undefined) return;
  const port = numberAt(admin, "port");
  if (objectsAt(networking, "inbound").some((inbound) => usesInbound(inbound, networking, LOOPBACK, port))) {
    found.add("networking.admin.port", "must differ from inbound");
  }
  if (objectsAt(networking, "outbound").some((outbound) => usesOutbound(outbound, LOOPBACK, port))) {
    found.add("networking.admin.port", "must differ from outbound");
  }
}

const forbiddenFor = (type: string): Forbidden | undefined =>
  Object.hasOwn(FORBIDDEN, type) ? FORBIDDEN[type] : undefined;

function forbid(networking: JsonObject, { kind, sections }: Forbidden, found: Violations): void {
  for (const name of sections) {
    if ((listAt(networking, name) ?? []).length > 0) {
      found.add(member(NETWORKING, name), `${name} cannot be defined for ${kind}`);
    }
  }
}

/** A gateway without tags is one of a mesh that does not use inbound tags any more. */
function checkGateway(gateway: JsonObject, found: Violations): void {
  const path = "networking.gateway.tags";
  const tags = textsAt(gateway, "tags");
  const protocol = tags.get(PROTOCOL_TAG);
  if (protocol !== undefined && parseProtocol(protocol) !== "tcp") {
    found.add(key(path, PROTOCOL_TAG), `other values than tcp are not allowed, provided value ${goQuote(protocol)}`);
  }
  checkTags(tags, path, found, { needsService: tags.size > 0 });
}

function checkNetworking(networking: JsonObject, found: Violations): void {
  checkAddress(textAt(networking, "address"), NETWORKING, found);
  for (const [index, inbound] of objectsAt(networking, "inbound").entries()) {
    checkInbound(inbound, textAt(networking, "address"), at("networking.inbound", index), found);
  }
  for (const [index, outbound] of objectsAt(networking, "outbound").entries()) {
    checkOutbound(outbound, at("networking.outbound", index), found);
  }
  checkReachableBackends(objectAt(networking, "transparentProxying"), found);
}

function checkProbes(probes: JsonObject | undefined, found: Violations): void {
  if (probes === undefined) return;
  checkFlatPort(numberAt(probes, "port"), "probes.port", found);
  for (const [index, endpoint] of objectsAt(probes, "endpoints").entries()) {
    const path = at("probes.endpoints", index);
    checkFlatPort(numberAt(endpoint, "inboundPort"), member(path, "inboundPort"), found);
    for (const name of ["inboundPath", "path"] as const) {
      if (parseRequestUri(textAt(endpoint, name)) === undefined) {
        found.add(member(path, name), "should be a valid URL Path");
      }
    }
  }
}
