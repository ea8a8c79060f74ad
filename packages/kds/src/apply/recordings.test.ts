/** Against what Kuma 2.14.3 sent and stored. */
import { readFileSync } from "node:fs";
import { type Resource, resourceToRest } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import type { ReceivedBatch } from "../session/received-resource.ts";
import { readRecording } from "../session/testing/recording.ts";
import { descriptorOf, registry } from "../testing/make-resource.ts";
import { readResponse } from "../wire/response.ts";
import { ApplyRig, fromGlobal, several, zoneResource } from "./testing/apply-rig.ts";

type UploadLine =
  | { readonly type: string; readonly nonce: string; readonly raw: string }
  | { readonly stored: string; readonly items: readonly JsonObject[] };

function linesOf(name: string): readonly string[] {
  const file = new URL(`../../testdata/apply/${name}.jsonl`, import.meta.url);
  return readFileSync(file, "utf8").trimEnd().split("\n");
}

/** Hands the responses of one stream to the applier, as the session would. */
class Stream {
  readonly #rig: ApplyRig;
  readonly #told = new Set<string>();

  constructor(rig: ApplyRig) {
    this.#rig = rig;
  }

  /** Not awaited one by one: types do not wait for each other. */
  take(raw: string): ReturnType<ApplyRig["applier"]["apply"]> {
    const read = readResponse(Buffer.from(raw, "base64"), { registry, mode: this.#rig.kind });
    if (!read.ok) throw new Error(read.error);
    const { bytes: _, ...response } = read.value;
    const batch: ReceivedBatch = { ...response, initial: !this.#told.has(response.type) };
    this.#told.add(response.type);
    return this.#rig.applier.apply(batch);
  }

  async takeAll(raws: readonly string[]): Promise<void> {
    await Promise.all(raws.map((raw) => this.take(raw)));
    await this.#rig.holds.idle();
  }
}

it("stores of a zone's uploads what Kuma stores, forged attribution and removals included", async () => {
  const rig = new ApplyRig("global", { zone: "rec-1" }, { registry });
  await rig.put(zoneResource("rec-1"));
  const stream = new Stream(rig);
  let rewrites = 0;
  let compared = 0;
  for (const text of linesOf("uploads.zone-rec-1")) {
    const line = JSON.parse(text) as UploadLine;
    if ("raw" in line) {
      const outcome = await stream.take(line.raw);
      expect(outcome.rejected).toEqual([]);
      rewrites += outcome.rewrites;
      continue;
    }
    const stored = rig.store.list(line.stored).map((row) => withoutTimes(row));
    expect(stored).toEqual(line.items);
    compared += line.items.length;
  }
  expect(rewrites).toBe(1);
  expect(compared).toBe(8);
  expect(rig.held()).toEqual([]);
});

describe("a Kuma global that lost its store and starts anew", () => {
  const fresh = readRecording("connect-fresh").flatMap((line) =>
    "response" in line && line.rpc === "GlobalToZoneSync" ? [line.raw] : [],
  );
  const restarted = linesOf("connect-during-startup").map((line) => (JSON.parse(line) as { readonly raw: string }).raw);
  const DEFAULTS = ["Mesh", "HostnameGenerator", "MeshTimeout", "MeshCircuitBreaker", "MeshRetry"];
  const namesOf = (rig: ApplyRig): readonly string[] => DEFAULTS.flatMap((type) => [...rig.names(type)]);

  async function syncedZone(): Promise<ApplyRig> {
    const rig = new ApplyRig("zone", { zone: "zone-1" }, { registry });
    await new Stream(rig).takeAll(fresh);
    expect(rig.held()).toEqual([]);
    expect(namesOf(rig)).toHaveLength(10);
    return rig;
  }

  it("deletes nothing of a zone, not even for the second without its defaults", async () => {
    const rig = await syncedZone();
    const lost: string[] = [];
    rig.store.subscribe(({ changes }) => {
      for (const { key, after } of changes) if (after === undefined) lost.push(key.name);
    });
    rig.reconnect({ zone: "zone-1" });
    const stream = new Stream(rig);
    await stream.takeAll(restarted.slice(0, 45));
    expect(rig.held()).toEqual([
      "zone-1/Config/global 0/1",
      "zone-1/GlobalSecret/global 1/1",
      "zone-1/HostnameGenerator/global 5/5",
      "zone-1/MeshCircuitBreaker/global 1/1",
      "zone-1/MeshRetry/global 1/1",
      "zone-1/MeshTimeout/global 2/2",
      "zone-1/Secret/global 1/1",
    ]);
    await stream.takeAll(restarted.slice(45));
    expect(lost).toEqual([]);
    expect(rig.held()).toEqual([]);
    expect(namesOf(rig)).toHaveLength(10);
  });

  it("and does not have what the zone has, gets neither its policies nor its keys", async () => {
    const rig = await syncedZone();
    await rig.put(...several(1, (name) => fromGlobal("MeshTimeout", name), "keep-me"));
    const key = rig.store.list("Secret")[0]?.spec.data;
    rig.reconnect({ zone: "zone-1" });
    await new Stream(rig).takeAll(restarted);
    expect(rig.names("MeshTimeout")).toContain("keep-me-0");
    expect(rig.store.list("Secret").map((row) => row.spec.data)).toEqual([key]);
    expect(rig.held()).toEqual([
      "zone-1/Config/global 0/1",
      "zone-1/GlobalSecret/global 0/1",
      "zone-1/MeshTimeout/global 1/3",
      "zone-1/Secret/global 0/1",
    ]);
  });
});

function withoutTimes(row: Resource): JsonObject {
  const { creationTime: _, modificationTime: __, ...rest } = resourceToRest(descriptorOf(row.type), row);
  return rest;
}
