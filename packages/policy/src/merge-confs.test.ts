import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { lastSetting, mergeConfs } from "./merge-confs.ts";

describe("mergeConfs", () => {
  it.each<[string, readonly JsonObject[], JsonObject]>([
    ["nothing", [], {}],
    ["the later scalar wins", [{ a: 1, b: 1 }, { b: 2 }], { a: 1, b: 2 }],
    [
      "objects merge",
      [{ http: { a: "1s", b: "1s" } }, { http: { b: "2s", c: "2s" } }],
      { http: { a: "1s", b: "2s", c: "2s" } },
    ],
    ["an empty object keeps what is there", [{ http: { a: 1 } }, { http: {} }], { http: { a: 1 } }],
    ["an empty object is a value", [{}, { localZone: {} }], { localZone: {} }],
    ["lists are replaced", [{ zones: ["a", "b"] }, { zones: ["c"] }], { zones: ["c"] }],
    ["an empty list replaces", [{ zones: ["a"] }, { zones: [] }], { zones: [] }],
    ["append lists add up", [{ appendMatch: [1] }, { appendMatch: [2, 1] }, {}], { appendMatch: [1, 2, 1] }],
    [
      "append lists deep down",
      [
        { sidecar: { profiles: { appendProfiles: ["a"] } } },
        { sidecar: { profiles: { appendProfiles: ["b"], x: 1 } } },
      ],
      { sidecar: { profiles: { appendProfiles: ["a", "b"], x: 1 } } },
    ],
    [
      "append lists in list items go with their list",
      [{ list: [{ appendX: [1] }] }, { list: [{ appendX: [2] }] }],
      { list: [{ appendX: [2] }] },
    ],
    [
      "null sets nothing",
      [
        { a: 1, o: { b: 1 } },
        { a: null, o: { b: null } },
      ],
      { a: 1, o: { b: 1 } },
    ],
    ["null inside a new object is left out", [{}, { o: { a: null, b: 1 } }], { o: { b: 1 } }],
    ["an object replaces a scalar", [{ a: 1 }, { a: { b: 1 } }], { a: { b: 1 } }],
    ["a scalar replaces an object", [{ a: { b: 1 } }, { a: 1 }], { a: 1 }],
  ])("%s", (_title, confs, expected) => {
    expect(mergeConfs(confs)).toEqual(expected);
  });

  it("changes none of its inputs", () => {
    const first = { appendX: [1], o: { a: 1 } };
    mergeConfs([first, { appendX: [2], o: { a: 2 } }]);
    expect(first).toEqual({ appendX: [1], o: { a: 1 } });
  });
});

describe("lastSetting", () => {
  it("finds who decided a member", () => {
    const confs = [{ a: { b: 1 } }, { a: { b: 2 } }, { a: { c: 1 } }, { a: { b: null } }];
    expect(lastSetting(confs, (conf) => conf, ["a", "b"])).toBe(confs[1]);
    expect(lastSetting(confs, (conf) => conf, ["x"])).toBeUndefined();
  });
});
