import { describe, expect, it } from "vitest";
import { ChangeFeed } from "./change-feed.ts";

const key = (name: string, type = "Zone") => ({ type, mesh: "", name });

describe("ChangeFeed", () => {
  it("keeps the latest change of each key, oldest first", () => {
    const feed = new ChangeFeed(0, 10);
    feed.push(1, key("a"));
    feed.push(2, key("b"));
    feed.push(3, key("a"));
    expect(feed.after(0, 3)).toEqual({ kind: "changes", revision: 3, keys: [key("b"), key("a")] });
    expect(feed.after(2, 3)).toEqual({ kind: "changes", revision: 3, keys: [key("a")] });
    expect(feed.after(3, 3)).toEqual({ kind: "changes", revision: 3, keys: [] });
  });

  it("resets cursors that it cannot serve, and no others", () => {
    const feed = new ChangeFeed(5, 2);
    expect(feed.after(4, 5).kind).toBe("reset");
    expect(feed.after(5, 5).kind).toBe("changes");
    expect(feed.after(6, 5).kind).toBe("reset");
    expect(feed.after(Number.NaN, 5).kind).toBe("reset");
    feed.push(6, key("a"));
    feed.push(6, key("b"));
    feed.push(7, key("c"));
    expect(feed.after(5, 7).kind).toBe("reset");
    expect(feed.after(6, 7)).toEqual({ kind: "changes", revision: 7, keys: [key("c")] });
    expect(feed.size).toBe(2);
  });

  it("serves only the types asked for", () => {
    const feed = new ChangeFeed(0, 10);
    feed.push(1, key("a", "Zone"));
    feed.push(1, key("a", "Mesh"));
    expect(feed.after(0, 1, new Set(["Mesh"]))).toEqual({ kind: "changes", revision: 1, keys: [key("a", "Mesh")] });
  });

  it("stays correct and bounded over many changes of few keys", () => {
    const feed = new ChangeFeed(0, 50);
    const lastChange = new Map<string, number>();
    for (let revision = 1; revision <= 5_000; revision += 1) {
      const name = `n${(revision * 7919) % 40}`;
      feed.push(revision, key(name));
      lastChange.set(name, revision);
      const cursor = Math.max(0, revision - 13);
      const expected = [...lastChange].filter(([, at]) => at > cursor).sort(([, x], [, y]) => x - y);
      expect(feed.after(cursor, revision)).toEqual({
        kind: "changes",
        revision,
        keys: expected.map(([changed]) => key(changed)),
      });
    }
    expect(feed.size).toBe(40);
  });

  it("evicts the oldest when it is full of different keys", () => {
    const feed = new ChangeFeed(0, 100);
    for (let revision = 1; revision <= 1_000; revision += 1) feed.push(revision, key(`n${revision}`));
    expect(feed.after(899, 1_000).kind).toBe("reset");
    const reachable = feed.after(900, 1_000);
    expect(reachable.kind === "changes" && reachable.keys.length).toBe(100);
  });
});
