import type { JsonObject } from "@isthmus/std";
import { expect, it } from "vitest";
import { withPlaces } from "./with-places.ts";

const [A, B] = ["10.0.0.1:80", "10.0.0.2:81"];
const spec = (inbound: JsonObject, other: JsonObject = {}, listener: JsonObject = {}): JsonObject => ({
  networking: {
    address: "10.0.0.1",
    inbound: [
      { port: 80, ...inbound },
      { port: 81, address: "10.0.0.2", ...other },
    ],
    listeners: [{ type: "ZoneEgress", port: 10_002, ...listener }],
  },
});
const GONE: JsonObject = { state: "NotReady", health: {} };
const READY: JsonObject = { health: { ready: true } };

it("marks what is at these places, and nothing else", () => {
  expect(withPlaces(spec({}), new Map([[A, false]]))).toEqual(spec(GONE));
  expect(withPlaces(spec(GONE, GONE), new Map([[B, true]]))).toEqual(spec(GONE, READY));
  expect(withPlaces(spec({}), new Map([["10.0.0.1:10002", false]]))).toEqual(spec({}, {}, { state: "NotReady" }));
  expect(withPlaces(spec({}, {}, { state: "NotReady" }), new Map([["10.0.0.1:10002", true]]))).toEqual(spec({}));
});

it("changes nothing of what is so already, what is ignored, and what is not there", () => {
  expect(
    withPlaces(
      spec(GONE),
      new Map([
        [A, false],
        [B, true],
      ]),
    ),
  ).toBeUndefined();
  expect(withPlaces(spec({ state: "Ignored" }), new Map([[A, false]]))).toBeUndefined();
  expect(withPlaces(spec({}), new Map([["10.0.0.1:81", false]]))).toBeUndefined();
  expect(withPlaces({}, new Map([[A, false]]))).toBeUndefined();
});
