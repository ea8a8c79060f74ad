/**
 * What one Dataplane adds to the insights of its mesh. Everything else about it, such as the counters of its subscriptions
 * that change all the time, leaves these facts as they are, and so costs the insights nothing.
 * Source: kuma v2.14.3: pkg/insights/resyncer.go.
 */
import {
  enumOf,
  labelsOf,
  messageOf,
  objectOf,
  objectsOf,
  type ProxyStatus,
  proxyStatus,
  type Resource,
  textOf,
  textsOf,
} from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { subscriptionsOf } from "../subscription-list.ts";

export type ProxyKind = "standard" | "gatewayBuiltin" | "gatewayDelegated";
/** As Kuma calls them in a ServiceInsight; external ones are of no Dataplane. */
export type ServiceKind = "internal" | "gateway_delegated" | "gateway_builtin";

export interface ServiceUse {
  readonly name: string;
  readonly kind: ServiceKind;
  /** "": not said. */
  readonly zone: string;
}

export interface DataplaneFacts {
  readonly mesh: string;
  readonly status: ProxyStatus;
  readonly kind: ProxyKind;
  readonly kumaDpVersion: string;
  readonly envoyVersion: string;
  /** Undefined: it never got a certificate. */
  readonly mTls: { readonly issued: string; readonly supported: readonly string[] } | undefined;
  /** One per inbound: two inbounds of one service count twice. */
  readonly services: readonly ServiceUse[];
}

const SERVICE_TAG = "kuma.io/service";
const ZONE_TAG = "kuma.io/zone";
const UNKNOWN_VERSION = "unknown";

/** `insight`: of the same name; undefined when there is none. Never throws. */
export function dataplaneFacts(dataplane: Resource, insight: Resource | undefined): DataplaneFacts {
  const networking = objectOf(dataplane.spec, "networking");
  const gateway = messageOf(networking, "gateway");
  const spec = insight?.spec ?? {};
  const version = objectOf(subscriptionsOf(spec).at(-1) ?? {}, "version");
  return {
    mesh: dataplane.mesh,
    status: proxyStatus(dataplane.spec, insight?.spec),
    kind: kindOf(gateway),
    kumaDpVersion: textOf(objectOf(version, "kumaDp"), "version") || UNKNOWN_VERSION,
    envoyVersion: textOf(objectOf(version, "envoy"), "version") || UNKNOWN_VERSION,
    mTls: mTlsOf(spec),
    services: (gateway === undefined ? inboundServices(networking) : [gatewayService(gateway)]).filter(
      // Without tags on inbounds there are no services of this kind.
      ({ name }) => name !== "",
    ),
  };
}

function kindOf(gateway: JsonObject | undefined): ProxyKind {
  if (gateway === undefined) return "standard";
  return gatewayType(gateway) === "BUILTIN" ? "gatewayBuiltin" : "gatewayDelegated";
}

const gatewayType = (gateway: JsonObject): "DELEGATED" | "BUILTIN" => enumOf(gateway, "type", ["DELEGATED", "BUILTIN"]);

function mTlsOf(insight: JsonObject): DataplaneFacts["mTls"] {
  const mTls = messageOf(insight, "mTLS");
  if (mTls === undefined) return undefined;
  return { issued: textOf(mTls, "issuedBackend"), supported: textsOf(mTls, "supportedBackends") };
}

function gatewayService(gateway: JsonObject): ServiceUse {
  const kind = gatewayType(gateway) === "BUILTIN" ? "gateway_builtin" : "gateway_delegated";
  return serviceUse(gateway, kind);
}

function inboundServices(networking: JsonObject): readonly ServiceUse[] {
  return objectsOf(networking, "inbound")
    .filter((inbound) => enumOf(inbound, "state", ["Ready", "NotReady", "Ignored"], "Ready") !== "Ignored")
    .map((inbound) => serviceUse(inbound, "internal"));
}

function serviceUse(tagged: JsonObject, kind: ServiceKind): ServiceUse {
  const tags = labelsOf(tagged, "tags");
  return { name: tags[SERVICE_TAG] ?? "", kind, zone: tags[ZONE_TAG] ?? "" };
}
