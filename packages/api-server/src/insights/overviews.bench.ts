/** `zones/_overview` of 100 zones that came and went; without the network, over the memory store. To reach: 20 ms. */
import type { JsonObject } from "@isthmus/std";
import { bench, describe } from "vitest";
import { itemsOf, rig } from "../testing/rig.ts";

const ZONES = 100;
/** Kuma's limit. */
const SUBSCRIPTIONS = 10;
const TYPES = 45;
const CONFIG_BYTES = 10_000;

const counters = { responsesSent: "12", responsesAcknowledged: "12" };
const stat = Object.fromEntries(Array.from({ length: TYPES }, (_, n) => [`Type${n}`, counters]));
const subscription = (id: number): JsonObject => {
  const isLast = id === SUBSCRIPTIONS - 1;
  return {
    id: `subscription-${id}`,
    globalInstanceId: "global-1",
    zoneInstanceId: "zone-1",
    connectTime: "2026-01-01T00:00:00Z",
    ...(isLast
      ? { config: JSON.stringify({ text: "x".repeat(CONFIG_BYTES) }) }
      : { disconnectTime: "2026-01-01T00:00:01Z" }),
    status: { lastUpdateTime: "2026-01-01T00:00:01Z", total: counters, ...(isLast ? { stat } : {}) },
    version: { kumaCp: { version: "2.14.3", kumaCpGlobalCompatible: true } },
  };
};

const global = rig();
await global.seed(
  ...Array.from({ length: ZONES }, (_, n): JsonObject[] => [
    { type: "Zone", name: `zone-${n}`, enabled: true },
    {
      type: "ZoneInsight",
      name: `zone-${n}`,
      subscriptions: Array.from({ length: SUBSCRIPTIONS }, (__, id) => subscription(id)),
    },
  ]).flat(),
);
const { text } = await global.ask("GET", "/zones/_overview");
if (itemsOf(JSON.parse(text)).length !== ZONES) throw new Error(`not ${ZONES} zones: ${text.slice(0, 200)}`);

describe(`${ZONES} zones with ${SUBSCRIPTIONS} subscriptions each, ${Math.round(text.length / 1024)} KiB`, () => {
  bench("zones/_overview", async () => {
    await global.ask("GET", "/zones/_overview");
  });
  bench("zones/_overview?status=offline: none", async () => {
    await global.ask("GET", "/zones/_overview?status=offline");
  });
  bench("global-insight", async () => {
    await global.ask("GET", "/global-insight");
  });
});
