/** One wire name in a type's feed: the resource behind it, who is entitled to it, and since when. */
import type { Resource } from "@isthmus/resources";
import type { Revision } from "@isthmus/store";
import { type Audience, isEntitled, type Recipient } from "../mapping/audience.ts";
import type { EncodedResource } from "./outbox-view.ts";

/** The audience changed with `revision`; before that it was `before`. */
export interface Transition {
  readonly revision: Revision;
  readonly before: Audience;
  /** Why peers lose the resource, `zone/<name>` or `mesh/<name>`, when it is known. */
  readonly intent: string | undefined;
}

export interface FeedRow {
  readonly wireName: string;
  /** Undefined: gone; the row is kept until every peer was told. */
  resource: Resource | undefined;
  /** `none` when gone. */
  audience: Audience;
  /** Audiences of the past, oldest first, as far back as some peer compares with. */
  transitions: Transition[];
  /** Last commit that changed what a peer would see. */
  contentRevision: Revision;
  /** Last commit that changed content or audience, and its time (ms). */
  changedRevision: Revision;
  changedAt: number;
  /** Place in the change log; 0 when it has not changed since the feed was loaded. */
  position: number;
  /** Made when the first peer needs it, dropped when the content changes. */
  encoded: EncodedResource | undefined;
  /** Set when this content cannot be sent. */
  failure: string | undefined;
}

export function newRow(wireName: string, audience: Audience): FeedRow {
  return {
    wireName,
    resource: undefined,
    audience,
    transitions: [],
    contentRevision: 0,
    changedRevision: 0,
    changedAt: 0,
    position: 0,
    encoded: undefined,
    failure: undefined,
  };
}

export function isEntitledNow(row: FeedRow, recipient: Recipient): boolean {
  return row.failure === undefined && isEntitled(row.audience, recipient);
}

/** Whether the recipient was entitled at a past revision. */
export function wasEntitledAt(row: FeedRow, recipient: Recipient, revision: Revision): boolean {
  return isEntitled(audienceAt(row, revision), recipient);
}

/** Whether the recipient was entitled at any time from a past revision until now. */
export function wasEntitledSince(row: FeedRow, recipient: Recipient, revision: Revision): boolean {
  if (isEntitled(row.audience, recipient)) return true;
  return row.transitions.some((t) => t.revision > revision && isEntitled(t.before, recipient));
}

function audienceAt(row: FeedRow, revision: Revision): Audience {
  for (const transition of row.transitions) {
    if (transition.revision > revision) return transition.before;
  }
  return row.audience;
}
