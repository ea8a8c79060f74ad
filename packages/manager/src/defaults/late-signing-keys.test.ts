import { expect, it } from "vitest";
import { LateSigningKeys } from "./late-signing-keys.ts";

interface Making {
  readonly keys: LateSigningKeys;
  readonly failures: unknown[];
  readonly end: (error?: Error) => void;
}

function making(): Making {
  const failures: unknown[] = [];
  let resolve = (): void => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<void>((...settle) => ([resolve, reject] = settle));
  const keys = new LateSigningKeys({ make: () => promise, onFailure: (error) => failures.push(error) });
  return { keys, failures, end: (error) => (error === undefined ? resolve() : reject(error)) };
}

it("starts without them, and tells who waits when they are there", async () => {
  const { keys, end } = making();
  const steps: string[] = [];
  const waiting = keys.made().then(() => steps.push("made"));
  await keys.start();
  steps.push("started");
  end();
  await waiting;
  expect(steps).toEqual(["started", "made"]);
});

it("tells the log and everybody who waits that they cannot be made", async () => {
  const { keys, failures, end } = making();
  await keys.start();
  const error = new Error("disk full");
  end(error);
  await expect(keys.made()).rejects.toBe(error);
  await expect(keys.made()).rejects.toBe(error);
  expect(failures).toEqual([error]);
});

it("stops after what is being made is written, and at once where nothing is", async () => {
  await making().keys.stop();
  const { keys, end } = making();
  await keys.start();
  const steps: string[] = [];
  const stopping = keys.stop().then(() => steps.push("stopped"));
  await Promise.resolve();
  steps.push("written");
  end();
  await stopping;
  expect(steps).toEqual(["written", "stopped"]);
});
