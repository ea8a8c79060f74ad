import { FakeClock } from "@isthmus/testkit";
import { expect, it } from "vitest";
import { describeStore } from "../conformance.ts";
import { createMemoryStore } from "./memory-store.ts";

describeStore("memory", (options) => {
  const store = createMemoryStore(options);
  return Promise.resolve({ store, dispose: () => store.stop() });
});

it("takes the history's name from a simulation", () => {
  expect(createMemoryStore({ clock: new FakeClock(), historyId: "seed-1" }).historyId).toBe("seed-1");
});
