/**
 * All rules about names in requests. Kuma and Isthmus peers only ever subscribe to everything; other xDS clients may not.
 * Source: envoy docs "xDS protocol", delta subscriptions; kumahq/go-control-plane: pkg/server/stream/v3/subscription.go.
 */
import type { NamedSubscription, SenderRequest } from "./sender-state.ts";

const WILDCARD = "*";
const TYPE_MAX_LENGTH = 253;
const NAME_MAX_LENGTH = 512;
const NAMES_MAX = 10_000;
const HELD_MAX = 1_000;
const HELD_ID_MAX_LENGTH = 1_024;

/** Why a request is refused, or undefined. */
export function checkRequest(request: SenderRequest): string | undefined {
  if (request.type === "") return "request without type_url";
  if (request.type.length > TYPE_MAX_LENGTH) return `type_url longer than ${TYPE_MAX_LENGTH} characters`;
  if (request.subscribe.length + request.unsubscribe.length > NAMES_MAX) {
    return `more than ${NAMES_MAX} resource names in a request for ${request.type}`;
  }
  if ((request.held?.length ?? 0) > HELD_MAX) return `more than ${HELD_MAX} holds reported for ${request.type}`;
  if (request.held?.some((id) => id.length > HELD_ID_MAX_LENGTH) === true) {
    return `id of a hold longer than ${HELD_ID_MAX_LENGTH} characters in a request for ${request.type}`;
  }
  for (const names of [request.subscribe, request.unsubscribe]) {
    if (names.some((name) => name.length > NAME_MAX_LENGTH)) {
      return `resource name longer than ${NAME_MAX_LENGTH} characters in a request for ${request.type}`;
    }
  }
  return undefined;
}

/** First request of a type: `*` or no name at all is the wildcard. */
export function namedSubscriptionOf(request: SenderRequest): NamedSubscription | undefined {
  if (request.subscribe.length === 0 || request.subscribe.includes(WILDCARD)) return undefined;
  const names = new Set(request.subscribe);
  for (const name of request.unsubscribe) names.delete(name);
  return { names, known: new Map() };
}

/**
 * Later requests add and remove names. `*` makes a subscription a wildcard and unsubscribing from `*` ends that; names
 * beside a wildcard change nothing. A name that is subscribed again is sent again, as delta xDS demands.
 */
export function applyNames(
  before: NamedSubscription | undefined,
  request: Pick<SenderRequest, "subscribe" | "unsubscribe">,
): NamedSubscription | undefined {
  if (request.subscribe.includes(WILDCARD)) return undefined;
  const leavesWildcard = request.unsubscribe.includes(WILDCARD);
  if (before === undefined && !leavesWildcard) return undefined;
  const names = new Set(before?.names);
  const known = new Map(before?.known);
  for (const name of request.subscribe) {
    if (names.size >= NAMES_MAX) break;
    names.add(name);
    known.delete(name);
  }
  for (const name of request.unsubscribe) {
    names.delete(name);
    known.delete(name);
  }
  return { names, known };
}
