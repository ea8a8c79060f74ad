/** Tells listeners after a batch: each once, in order of the collections, with changes sorted by key. */
import type { Change, ReactorFailure } from "./collection.ts";
import type { CollectionNode, Subscription } from "./collection-node.ts";
import { compareKeys } from "./sorted-entries.ts";

interface Call {
  readonly node: CollectionNode<unknown>;
  readonly subscription: Subscription<unknown>;
  readonly changes: readonly Change<unknown>[];
}

/**
 * Who is told is settled before the first call: a listener added by another one finds this batch in the collection and
 * must not hear of it again. One that is removed is not called any more.
 */
export function notifyListeners(
  nodes: readonly CollectionNode<unknown>[],
  onFailure: (f: ReactorFailure) => void,
): void {
  const calls: Call[] = [];
  for (const node of nodes) {
    if (node.changes.length === 0 || node.subscriptions.size === 0) continue;
    const changes = node.changes.sort((a, b) => compareKeys(a.key, b.key));
    for (const subscription of node.subscriptions) calls.push({ node, subscription, changes });
  }
  for (const { node, subscription, changes } of calls) {
    if (!node.subscriptions.has(subscription)) continue;
    try {
      subscription.tell(changes);
    } catch (error) {
      onFailure({ collection: node.name, key: undefined, error });
    }
  }
}
