/**
 * The subscriptions of any insight: of a zone, a proxy, a zone proxy. They differ in who was connected, not in what open and
 * closed mean. Source: kuma v2.14.3: api/generic/insights.go, pkg/core/managers/apis.
 */
import { isOpenSubscription } from "@isthmus/resources";
import { isJsonObject, type JsonObject } from "@isthmus/std";
import { timestamp } from "./subscription.ts";

export function subscriptionsOf(spec: JsonObject): readonly JsonObject[] {
  const { subscriptions } = spec;
  return Array.isArray(subscriptions) ? subscriptions.filter(isJsonObject) : [];
}

/** `spec` itself when there is nothing to close. */
export function closeSubscriptions(
  spec: JsonObject,
  isDead: (subscription: JsonObject) => boolean,
  now: number,
): JsonObject {
  const subscriptions = subscriptionsOf(spec);
  if (!subscriptions.some((each) => isOpenSubscription(each) && isDead(each))) return spec;
  return {
    ...spec,
    subscriptions: subscriptions.map((each) => (isOpenSubscription(each) && isDead(each) ? closed(each, now) : each)),
  };
}

/** With `disconnectTime` behind `connectTime`, where the order of field numbers has it. */
export function closed(subscription: JsonObject, now: number): JsonObject {
  const members = Object.entries(subscription).filter(([member]) => member !== "disconnectTime");
  const at = members.findIndex(([member]) => member === "connectTime") + 1;
  return Object.fromEntries([...members.slice(0, at), ["disconnectTime", timestamp(now)], ...members.slice(at)]);
}

/** The last `limit` ones; 0: none. */
export function newest(subscriptions: readonly JsonObject[], limit: number): readonly JsonObject[] {
  return limit === 0 ? [] : subscriptions.slice(-limit);
}
