/** Subscriptions of an insight: the streams that a zone or proxy had, the last one last. */
import type { JsonValue } from "@isthmus/std";
import { listAt, numberAt, textAt } from "../output/member.ts";

export function isOnline(insight: unknown): boolean {
  return subscriptionsOf(insight).some(
    (subscription) =>
      textAt(subscription, "connectTime") !== undefined && textAt(subscription, "disconnectTime") === undefined,
  );
}

export function subscriptionsOf(insight: unknown): readonly JsonValue[] {
  return listAt(insight, "subscriptions");
}

export function lastSubscription(insight: unknown): JsonValue | undefined {
  return subscriptionsOf(insight).at(-1);
}

/** Over all subscriptions: `responsesSent`, `responsesRejected`. */
export function totalOf(insight: unknown, counter: string): number {
  return subscriptionsOf(insight).reduce<number>((sum, each) => sum + numberAt(each, "status", "total", counter), 0);
}
