/** Requests that were put to Kuma 2.14.3, and whether the answers are the same to the letter (times and secrets apart). */
import { readFileSync } from "node:fs";
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { type Answer, itemsOf, type Rig, rig } from "./testing/rig.ts";

interface Pair {
  readonly name: string;
  readonly request: { readonly method: string; readonly path: string; readonly body?: JsonValue };
  readonly response: { readonly status: number; readonly json?: JsonObject; readonly text?: string };
}

const TIMES = ["creationTime", "modificationTime", "creationTimestamp"];
const TIME = "2026-01-01T00:00:00Z";

const read = (file: string): Pair[] =>
  JSON.parse(readFileSync(new URL(`../testdata/${file}.json`, import.meta.url), "utf8")) as Pair[];
const reads = read("global-reads");
const recorded = (name: string): JsonValue => reads.find((pair) => pair.name === name)?.response.json ?? null;
const recordedItems = (...names: string[]): JsonObject[] => names.flatMap((name) => [...itemsOf(recorded(name))]);

/** Items of a list sorted, times made equal; order of members kept, which is part of the comparison. */
function normalized(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(normalized);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, TIMES.includes(name) ? TIME : normalized(member)]),
  );
}

const asText = (value: JsonValue): string => `${JSON.stringify(normalized(value), null, 1)}\n`;

function expectSame(answer: Answer, { response }: Pair): void {
  if (response.text !== undefined) {
    expect([answer.status, answer.text]).toEqual([response.status, response.text]);
    return;
  }
  expect(answer.status, answer.text).toBe(response.status);
  expect(answer.headers["content-type"]).toBe("application/json");
  expect(asText(JSON.parse(answer.text) as JsonValue)).toBe(asText(response.json ?? null));
  expect(answer.text).toBe(`${JSON.stringify(JSON.parse(answer.text), null, 1)}\n`);
}

const put = ({ ask }: Rig, { request: { method, path, body } }: Pair): Promise<Answer> => ask(method, path, body);

describe("what a global shows", async () => {
  const global = rig();
  await global.seed(
    ...recordedItems(
      "global/meshes/list",
      "global/zones/list",
      "global/zones/insights",
      "global/zoneingresses/list",
      "global/zoneegresses/list",
      "global/dataplanes/list",
      "global/dataplanes/insights",
      "global/meshservices/list",
      "global/meshmultizoneservices/list",
      "global/meshexternalservices/list",
      "global/hostnamegenerators/list",
      "global/policies/meshtimeouts-list",
      "global/policies/meshtrafficpermissions-list",
    ),
  );
  it.each(reads)("$name", async (pair) => {
    // `next` names the host that was asked.
    const host = /http:\/\/([^/"]+)\//.exec(JSON.stringify(pair.response.json ?? null))?.[1];
    const isPaged = pair.request.path.includes("size=");
    const answer = await global.ask("GET", pair.request.path, undefined, isPaged && host ? { host } : {});
    expectSame(answer, pair);
  });
});

describe("writes to a global, one after another", async () => {
  const global = rig({ isZoneOnline: (zone) => zone === "east" });
  await global.manager.ensureDefaults();
  await global.seed(...recordedItems("global/zones/list", "global/dataplanes/list"), {
    type: "MeshTrafficPermission",
    mesh: "default",
    name: "allow-all",
    spec: { targetRef: { kind: "Mesh" } },
  });
  it.each(read("global-writes"))("$name", async (pair) => expectSame(await put(global, pair), pair));
});

describe("writes to a federated zone, one after another", async () => {
  const zone = rig({ mode: "zone", zoneName: "west", isFederated: true });
  const pairs = read("zone-writes");
  const synced = pairs.find(({ name }) => name === "west/writes/synced-policy-get")?.response.json;
  if (synced === undefined) throw new Error("no recording of a synced policy");
  await zone.seed({ type: "Mesh", name: "default", labels: { "kuma.io/origin": "global" } }, synced);
  it.each(pairs)("$name", async (pair) => expectSame(await put(zone, pair), pair));
});

describe("what a federated zone shows", () => {
  const zone = rig({ mode: "zone", zoneName: "west", isFederated: true });
  it.each(read("zone-reads"))("$name", async (pair) => expectSame(await put(zone, pair), pair));
});
