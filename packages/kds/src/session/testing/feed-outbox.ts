/** An outbox without a store: real feeds, filled by hand. For tests of sessions that need no mapping. */
import type { Resource } from "@isthmus/resources";
import type {
  Cursor,
  DeltaResult,
  EncodedResource,
  OutboxView,
  Pending,
  PendingOptions,
} from "../../feed/outbox-view.ts";
import { TypeFeed } from "../../feed/type-feed.ts";
import { type Audience, EVERYBODY, NOBODY, type Recipient } from "../../mapping/audience.ts";

export interface FeedWrite {
  readonly type?: string;
  readonly name: string;
  /** Undefined deletes. */
  readonly content: string | undefined;
  readonly audience?: Audience;
  readonly intent?: string;
}

export class FeedOutbox implements OutboxView {
  revision = 0;
  readonly #feeds = new Map<string, TypeFeed>();
  readonly #lowest: (type: string) => number;

  constructor(types: readonly string[], lowestCursor: (type: string) => number = () => Number.POSITIVE_INFINITY) {
    this.#lowest = lowestCursor;
    for (const type of types) {
      this.#feeds.set(
        type,
        new TypeFeed({
          encode: (row) => (row.resource === undefined ? undefined : encoded(row.wireName, contentOf(row.resource))),
          isSameOnWire: (a, b) => contentOf(a) === contentOf(b),
          lowestCursor: () => this.#lowest(type),
        }),
      );
    }
  }

  /** One commit. Returns the types touched. */
  commit(at: number, ...writes: readonly FeedWrite[]): Set<string> {
    this.revision += 1;
    const touched = new Set<string>();
    for (const { type = "T", name, content, audience = EVERYBODY, intent } of writes) {
      const resource = content === undefined ? undefined : resourceOf(type, name, content, this.revision);
      const change = { revision: this.revision, at, intent };
      if (this.feed(type).put(`${name}.`, resource, resource === undefined ? NOBODY : audience, change))
        touched.add(type);
    }
    return touched;
  }

  feed(type: string): TypeFeed {
    const feed = this.#feeds.get(type);
    if (feed === undefined) throw new Error(`no feed of ${type}`);
    return feed;
  }

  provides(type: string): boolean {
    return this.#feeds.has(type);
  }

  types(): readonly string[] {
    return [...this.#feeds.keys()];
  }

  head(type: string): { readonly revision: number; readonly at: number } {
    return this.feed(type).head;
  }

  end(type: string): Cursor {
    return { revision: this.revision, position: this.#feeds.get(type)?.position ?? 0 };
  }

  count(type: string, recipient: Recipient): number {
    return this.#feeds.get(type)?.count(recipient) ?? 0;
  }

  delta(type: string, recipient: Recipient, cursor: Cursor | undefined, maxBytes: number): DeltaResult {
    const feed = this.#feeds.get(type);
    if (feed !== undefined) return feed.delta(recipient, cursor, this.revision, maxBytes);
    const next = this.end(type);
    return { kind: "delta", upserts: [], removals: [], intents: [], next, bytes: 0, oldestChangeAt: undefined };
  }

  pending(type: string, recipient: Recipient, cursor: Cursor, options?: PendingOptions): Pending {
    return this.#feeds.get(type)?.pending(recipient, cursor, options) ?? { count: 0, oldestChangeAt: undefined };
  }

  lookup(type: string, recipient: Recipient, wireName: string): EncodedResource | undefined {
    return this.#feeds.get(type)?.lookup(recipient, wireName);
  }
}

/** A chunk of 100 bytes; the version is the content. */
export function encoded(wireName: string, content: string): EncodedResource {
  return { wireName, version: content, chunk: new Uint8Array(100) };
}

function resourceOf(type: string, name: string, content: string, version: number): Resource {
  const time = "2026-01-01T00:00:00Z";
  return {
    type,
    mesh: "",
    name,
    labels: {},
    spec: { content },
    creationTime: time,
    modificationTime: time,
    version,
  };
}

function contentOf(resource: Resource): string {
  const { content } = resource.spec;
  return typeof content === "string" ? content : "";
}
