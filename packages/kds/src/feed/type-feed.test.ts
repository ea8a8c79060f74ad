/** S3, S11: from a cursor alone the feed says exactly what a peer lacks. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Audience,
  EVERYBODY,
  isEntitled,
  NOBODY,
  type Recipient,
  toAll,
  toOnlyZone,
  toOthers,
} from "../mapping/audience.ts";
import { FeedOutbox, type FeedWrite } from "../session/testing/feed-outbox.ts";
import type { Cursor, Delta } from "./outbox-view.ts";
import { TOMBSTONES_MAX } from "./type-feed.ts";

const UNLIMITED = Number.POSITIVE_INFINITY;
const EAST: Recipient = { zone: "east", features: 0 };
const WEST: Recipient = { zone: "west", features: 0 };

function delta(outbox: FeedOutbox, to: Recipient, cursor: Cursor | undefined, maxBytes = UNLIMITED): Delta {
  const result = outbox.delta("T", to, cursor, maxBytes);
  if (result.kind !== "delta") throw new Error(result.kind);
  return result;
}

function told(outbox: FeedOutbox, to: Recipient, cursor: Cursor | undefined): string {
  const { upserts, removals } = delta(outbox, to, cursor);
  return [...upserts.map((u) => `+${u.wireName}=${u.version}`), ...removals.map((name) => `-${name}`)].join(" ");
}

/** A feed in which each of the names has content 1. */
function feedOf(...names: readonly string[]): FeedOutbox {
  const outbox = new FeedOutbox(["T"], () => 0);
  outbox.commit(1, ...names.map((name) => ({ name, content: "1" })));
  return outbox;
}

describe("what changed since a cursor", () => {
  it("is the latest state per key, in order of change", () => {
    const outbox = feedOf("a", "b", "c");
    const cursor = outbox.end("T");
    outbox.commit(2, { name: "c", content: "2" });
    outbox.commit(3, { name: "a", content: "2" });
    outbox.commit(4, { name: "c", content: "3" });
    expect(told(outbox, EAST, cursor)).toBe("+a.=2 +c.=3");
    expect(told(outbox, EAST, outbox.end("T"))).toBe("");
  });

  it("removes exactly what the peer had, not what it never saw", () => {
    const outbox = feedOf("a");
    const cursor = outbox.end("T");
    outbox.commit(2, { name: "short-lived", content: "1" });
    outbox.commit(3, { name: "short-lived", content: undefined }, { name: "a", content: undefined });
    expect(told(outbox, EAST, cursor)).toBe("-a.");
    expect(told(outbox, EAST, undefined)).toBe("");
  });

  it("sends again what was deleted and made anew", () => {
    const outbox = feedOf("a");
    const cursor = outbox.end("T");
    outbox.commit(2, { name: "a", content: undefined });
    outbox.commit(3, { name: "a", content: "1" });
    expect(told(outbox, EAST, cursor)).toBe("+a.=1");
  });

  it("is nothing for a write that changes nothing on the wire", () => {
    const outbox = feedOf("a");
    expect(outbox.commit(2, { name: "a", content: "1" })).toEqual(new Set());
    expect(outbox.head("T").revision).toBe(1);
  });
});

describe("audiences of the past", () => {
  it("decide who is told of a removal", () => {
    const outbox = feedOf();
    outbox.commit(1, { name: "a", content: "1", audience: toOthers("east", 0) });
    const cursor = outbox.end("T");
    outbox.commit(2, { name: "a", content: undefined });
    expect(told(outbox, WEST, cursor)).toBe("-a.");
    expect(told(outbox, EAST, cursor)).toBe("");
  });

  it("follow a resource from zone to zone", () => {
    const outbox = feedOf();
    outbox.commit(1, { name: "a", content: "1", audience: toOnlyZone("east", 0) });
    const first = outbox.end("T");
    outbox.commit(2, { name: "a", content: "1", audience: toOnlyZone("west", 0) });
    const second = outbox.end("T");
    expect([told(outbox, EAST, first), told(outbox, WEST, first)]).toEqual(["-a.", "+a.=1"]);
    outbox.commit(3, { name: "a", content: "1", audience: toOnlyZone("east", 0) });
    expect([told(outbox, EAST, second), told(outbox, WEST, second)]).toEqual(["+a.=1", "-a."]);
  });

  it("carry the reason of a loss as long as it is the latest", () => {
    const outbox = feedOf("a", "b");
    const cursor = outbox.end("T");
    outbox.commit(2, { name: "a", content: undefined, intent: "zone/west" }, { name: "b", content: undefined });
    expect(delta(outbox, EAST, cursor).intents).toEqual(["zone/west"]);
    expect(delta(outbox, EAST, outbox.end("T")).intents).toEqual([]);
    outbox.commit(3, { name: "a", content: "2" });
    expect(delta(outbox, EAST, cursor).intents).toEqual([]);
  });

  it("need features too", () => {
    const outbox = feedOf();
    outbox.commit(1, { name: "a", content: "1", audience: toAll(2) });
    expect(told(outbox, EAST, undefined)).toBe("");
    expect(told(outbox, { zone: "east", features: 3 }, undefined)).toBe("+a.=1");
    expect(outbox.count("T", EAST)).toBe(0);
    expect(outbox.count("T", { zone: "east", features: 2 })).toBe(1);
  });
});

describe("gone rows", () => {
  const names = Array.from({ length: 500 }, (_, i) => `n${i}`);

  it("are kept for the reader that is furthest behind, then forgotten", () => {
    let lowest = 1;
    const outbox = new FeedOutbox(["T"], () => lowest);
    outbox.commit(1, ...names.map((name) => ({ name, content: "1" })));
    const behind = outbox.end("T");
    for (const name of names) outbox.commit(2, { name, content: undefined });
    expect(outbox.feed("T").size.tombstones).toBe(500);
    expect(delta(outbox, EAST, behind).removals).toHaveLength(500);
    lowest = outbox.revision;
    for (let i = 0; i < 2_000; i += 1) {
      outbox.commit(3, { name: "x", content: String(i) });
      outbox.commit(3, { name: "y", content: i % 2 === 0 ? "1" : undefined });
      lowest = outbox.revision;
    }
    const { rows, tombstones, log } = outbox.feed("T").size;
    expect(tombstones).toBeLessThan(70);
    expect(rows).toBeLessThan(70);
    expect(log).toBeLessThan(250);
  });

  it("are not kept without end for a peer that never moves: it starts over", () => {
    const outbox = new FeedOutbox(["T"], () => 1);
    const many = Array.from({ length: TOMBSTONES_MAX + 20_000 }, (_, i) => `n${i}`);
    const gone = many.map((name) => ({ name, content: undefined }));
    outbox.commit(1, ...many.map((name) => ({ name, content: "1" })));
    const behind = outbox.end("T");
    outbox.commit(2, ...gone.slice(0, TOMBSTONES_MAX));
    expect(outbox.delta("T", EAST, behind, UNLIMITED).kind).toBe("delta");
    const inStep = outbox.end("T");
    outbox.commit(3, ...gone.slice(TOMBSTONES_MAX));
    expect(outbox.delta("T", EAST, behind, UNLIMITED)).toEqual({ kind: "tooOld" });
    expect(told(outbox, EAST, undefined)).toBe("");
    expect(delta(outbox, EAST, inStep).removals).toHaveLength(20_000);
    expect(outbox.feed("T").size.tombstones).toBe(20_000);
  });

  it("a row whose audience flaps without end makes peers behind it start over, not memory grow", () => {
    const outbox = new FeedOutbox(["T"], () => 1);
    outbox.commit(1, { name: "a", content: "1" });
    const behind = outbox.end("T");
    for (let i = 0; i < 1_000; i += 1) {
      outbox.commit(2, { name: "a", content: "1", audience: i % 2 === 0 ? toOthers("east", 0) : EVERYBODY });
    }
    expect(outbox.feed("T").get("a.")?.transitions.length).toBeLessThanOrEqual(64);
    expect(outbox.delta("T", EAST, behind, UNLIMITED)).toEqual({ kind: "tooOld" });
  });
});

describe("a delta above the limit", () => {
  it("comes in parts that together are the whole", () => {
    const outbox = feedOf("old");
    const start = outbox.end("T");
    outbox.commit(2, ...["a", "b", "c", "d"].map((name) => ({ name, content: "2" })), {
      name: "old",
      content: undefined,
    });
    const seen: string[] = [];
    let cursor = start;
    for (let i = 0; i < 10 && (cursor.isPartial === true || i === 0); i += 1) {
      const part = delta(outbox, EAST, cursor, 250);
      expect(part.bytes).toBeLessThanOrEqual(250);
      seen.push(...part.upserts.map((u) => u.wireName), ...part.removals.map((name) => `-${name}`));
      cursor = part.next;
    }
    expect(seen).toEqual(["a.", "b.", "c.", "d.", "-old."]);
    expect(cursor).toEqual(outbox.end("T"));
  });

  it("a full list is refused with its size instead", () => {
    expect(feedOf("a", "b", "c").delta("T", EAST, undefined, 250)).toEqual({ kind: "oversize", bytes: 300 });
  });
});

/**
 * Bug hypothesis: the cursor arithmetic forgets an audience, a deletion or a re-creation in some order of events. The
 * reference keeps every past state in full and compares.
 */
describe("against a reference that remembers everything", () => {
  const PEERS: readonly Recipient[] = [EAST, WEST, { zone: "south", features: 1 }];
  const AUDIENCES: readonly Audience[] = [EVERYBODY, NOBODY, toOthers("east", 0), toOnlyZone("west", 0), toAll(1)];
  const write = fc.record({
    name: fc.constantFrom("a", "b", "c"),
    content: fc.constantFrom("1", "2", undefined),
    audience: fc.constantFrom(...AUDIENCES),
  });
  const history = fc.array(fc.array(write, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 25 });

  interface Held {
    readonly content: string;
    readonly audience: Audience;
  }

  it.each([UNLIMITED, 150])("what a peer holds after any deltas is what it is entitled to (limit %d)", (maxBytes) => {
    fc.assert(
      fc.property(history, fc.infiniteStream(fc.integer({ min: 0, max: 5 })), (commits, random) => {
        const peers = PEERS.map((recipient) => ({
          recipient,
          cursor: undefined as Cursor | undefined,
          holds: new Map<string, string>(),
        }));
        const outbox = new FeedOutbox(["T"], () =>
          Math.min(...peers.map((peer) => peer.cursor?.revision ?? UNLIMITED)),
        );
        const truth = new Map<string, Held>();
        const pull = (peer: (typeof peers)[number]): void => {
          const limit = peer.cursor === undefined ? UNLIMITED : maxBytes;
          const { upserts, removals, next } = delta(outbox, peer.recipient, peer.cursor, limit);
          for (const name of removals) {
            if (peer.cursor?.isPartial !== true) expect(peer.holds.has(name)).toBe(true);
            peer.holds.delete(name);
          }
          for (const { wireName, version } of upserts) peer.holds.set(wireName, version);
          peer.cursor = next;
        };
        for (const writes of commits) {
          // One write per name and commit, as a store gives them.
          const distinct: readonly FeedWrite[] = [...new Map(writes.map((w) => [w.name, w])).values()];
          outbox.commit(1, ...distinct);
          for (const { name, content, audience = EVERYBODY } of distinct) {
            if (content === undefined) truth.delete(`${name}.`);
            else truth.set(`${name}.`, { content, audience });
          }
          for (const peer of peers) {
            if (random.next().value === 0) pull(peer);
          }
        }
        for (const peer of peers) {
          do pull(peer);
          while (peer.cursor?.isPartial === true);
          const entitled = [...truth].filter(([, held]) => isEntitled(held.audience, peer.recipient));
          expect(peer.holds).toEqual(new Map(entitled.map(([name, held]): [string, string] => [name, held.content])));
          expect(outbox.count("T", peer.recipient)).toBe(entitled.length);
          expect(outbox.pending("T", peer.recipient, peer.cursor ?? { revision: 0, position: 0 })).toEqual({
            count: 0,
            oldestChangeAt: undefined,
          });
        }
      }),
      { numRuns: 300 },
    );
  });
});
