/** 10,000 MeshServices from one zone to a fresh one. How fast is a benchmark (kb4); here: that it is complete and right. */
import { eventually } from "@isthmus/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Deployment } from "./harness/deployment.ts";
import { meshService, SERVICES, servicePath } from "./harness/samples.ts";

const COUNT = 10_000;
const PARALLEL = 64;

let deployment: Deployment;
beforeAll(async () => {
  deployment = await Deployment.prepare({ zones: ["big", "fresh"] });
  await deployment.global.start();
  await deployment.zone("big").start();
  await deployment.converged(["big"]);
});
afterAll(() => deployment.stop());

it("10,000 services of one zone reach the global and a fresh zone", { timeout: 900_000 }, async () => {
  const big = deployment.zone("big");
  let next = 0;
  await Promise.all(
    Array.from({ length: PARALLEL }, async () => {
      while (next < COUNT) {
        const i = next;
        next += 1;
        await big.api.put(servicePath(`svc-${i}`), meshService(`svc-${i}`, 1_000 + (i % 60_000)));
      }
    }),
  );
  await deployment.converged(["big"]);
  expect((await deployment.global.api.page(SERVICES, { size: 1 })).total).toBe(COUNT);

  const fresh = deployment.zone("fresh");
  await fresh.start();
  await eventually(async () => (await fresh.api.page(SERVICES, { size: 1 })).total === COUNT, { timeoutMs: 300_000 });
  await deployment.converged();
  await big.api.delete(servicePath("svc-5000"));
  await eventually(async () => (await fresh.api.page(SERVICES, { size: 1 })).total === COUNT - 1);
});
