import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { isInsightOnline, proxyStatus } from "./insight-status.ts";

const TIME = "2026-01-01T00:00:00Z";
const open = { connectTime: TIME };
const closed = { connectTime: TIME, disconnectTime: TIME };
const online: JsonObject = { subscriptions: [closed, open] };

describe("an insight", () => {
  it.each<[string, JsonObject, boolean]>([
    ["without subscriptions", {}, false],
    ["with an open one", { subscriptions: [open] }, true],
    ["with an open one before a closed one", { subscriptions: [open, closed] }, true],
    ["with closed ones", { subscriptions: [closed] }, false],
    ["with one that never connected", { subscriptions: [{ id: "1" }] }, false],
    ["with something else", { subscriptions: [null, "x"] }, false],
  ])("%s", (_what, insight, expected) => {
    expect(isInsightOnline(insight)).toBe(expected);
  });
});

describe("a proxy that is connected", () => {
  it.each<[string, JsonObject, string]>([
    ["nothing that could be reached", {}, "offline"],
    ["a gateway", { gateway: {} }, "online"],
    ["inbounds that are ready", { inbound: [{}, { state: "Ready", health: { ready: true } }] }, "online"],
    ["one of two", { inbound: [{ state: "NotReady" }, {}] }, "partiallyDegraded"],
    ["an unhealthy inbound", { inbound: [{ health: {} }] }, "offline"],
    ["an ignored inbound", { inbound: [{ state: "Ignored" }] }, "online"],
    ["a state of a newer version", { inbound: [{ state: "Paused" }] }, "online"],
    ["listeners", { listeners: [{}, { state: "NotReady" }] }, "partiallyDegraded"],
    [
      "a listener that is not ready beside an inbound that is",
      { inbound: [{}], listeners: [{ state: 1 }] },
      "partiallyDegraded",
    ],
  ])("%s", (_what, networking, expected) => {
    expect(proxyStatus({ networking }, online)).toBe(expected);
    expect(proxyStatus({ networking }, { subscriptions: [closed] })).toBe("offline");
    expect(proxyStatus({ networking }, undefined)).toBe("offline");
  });
});
