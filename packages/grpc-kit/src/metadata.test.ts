import { Metadata } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { firstValue, metadataOf, splitValues } from "./metadata.ts";

describe("metadata", () => {
  it("reads repeated, joined and mixed values alike", () => {
    const repeated = new Metadata();
    repeated.add("features", "zone-ping-health");
    repeated.add("features", "hash-suffix");
    const joined = new Metadata();
    joined.add("features", "zone-ping-health, hash-suffix");
    const mixed = new Metadata();
    mixed.add("features", " zone-ping-health ,");
    mixed.add("features", "hash-suffix");
    for (const metadata of [repeated, joined, mixed]) {
      expect(splitValues(metadata, "features")).toEqual(["zone-ping-health", "hash-suffix"]);
    }
    expect(splitValues(new Metadata(), "features")).toEqual([]);
  });

  it("takes the first of doubled values and tells absent from empty", () => {
    const doubled = new Metadata();
    doubled.add("client-id", "zone-1, zone-2");
    expect(firstValue(doubled, "client-id")).toBe("zone-1");
    const empty = new Metadata();
    empty.add("client-id", "");
    expect(firstValue(empty, "client-id")).toBe("");
    expect(firstValue(new Metadata(), "client-id")).toBeUndefined();
  });

  it("keeps array values apart", () => {
    const metadata = metadataOf({ features: ["a", "b"], version: "2.14.3" });
    expect(metadata.get("features")).toEqual(["a", "b"]);
    expect(metadata.get("version")).toEqual(["2.14.3"]);
  });
});
