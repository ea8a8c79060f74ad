/**
 * Whether a proxy is of use, as overviews, kumactl and the GUI count it.
 * Source: kuma v2.14.3: pkg/core/resources/apis/mesh/dataplane_overview_helpers.go.
 */
import { enumOf, flagOf, messageOf, objectOf, objectsOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { isOpenSubscription, subscriptionsOf } from "../subscription-list.ts";

export type ProxyStatus = "online" | "offline" | "partiallyDegraded";

/** `insight`: spec of the DataplaneInsight; undefined when there is none. */
export function proxyStatus(dataplane: JsonObject, insight: JsonObject | undefined): ProxyStatus {
  if (insight === undefined || !subscriptionsOf(insight).some(isOpenSubscription)) return "offline";
  const networking = objectOf(dataplane, "networking");
  // A gateway has neither inbounds nor listeners.
  if (messageOf(networking, "gateway") !== undefined) return "online";
  const isReady = [
    ...objectsOf(networking, "inbound").map(isInboundReady),
    ...objectsOf(networking, "listeners").map(isListenerReady),
  ];
  // Without any inbound or listener there is nothing that could be reached.
  if (!isReady.includes(true)) return "offline";
  return isReady.includes(false) ? "partiallyDegraded" : "online";
}

/** One that is ignored does not make its proxy worse. */
function isInboundReady(inbound: JsonObject): boolean {
  const health = messageOf(inbound, "health");
  if (health !== undefined && !flagOf(health, "ready")) return false;
  return enumOf(inbound, "state", ["Ready", "NotReady", "Ignored"], "Ignored") !== "NotReady";
}

function isListenerReady(listener: JsonObject): boolean {
  return enumOf(listener, "state", ["Ready", "NotReady"], "NotReady") === "Ready";
}
