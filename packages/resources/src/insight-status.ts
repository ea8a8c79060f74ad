/**
 * Who is online, from what insights hold: as overviews, kumactl and the GUI count it.
 * Source: kuma v2.14.3: api/generic/insights.go, pkg/core/resources/apis/mesh/dataplane_overview_helpers.go.
 */
import type { JsonObject } from "@isthmus/std";
import { enumOf, flagOf, messageOf, objectOf, objectsOf, textOf } from "./fields.ts";

export type ProxyStatus = "online" | "offline" | "partiallyDegraded";

/** A connection that was made and has not ended. */
export function isOpenSubscription(subscription: JsonObject): boolean {
  return textOf(subscription, "connectTime") !== "" && textOf(subscription, "disconnectTime") === "";
}

/** `insight`: spec of the insight of a zone, a proxy or a zone proxy. */
export function isInsightOnline(insight: JsonObject): boolean {
  return objectsOf(insight, "subscriptions").some(isOpenSubscription);
}

/** Specs; `insight` undefined: there is none. */
export function proxyStatus(dataplane: JsonObject, insight: JsonObject | undefined): ProxyStatus {
  if (insight === undefined || !isInsightOnline(insight)) return "offline";
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
