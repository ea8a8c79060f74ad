/** `kill -9` of each side and restart: nothing acknowledged is lost, nothing is wrongly deleted. */
import { eventually } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Deployment } from "./harness/deployment.ts";
import { meshService, meshTimeout, SERVICES, SOON, servicePath, TIMEOUTS, timeoutPath } from "./harness/samples.ts";

const SERVICES_EACH = 10;
const ROUNDS = 3;

let deployment: Deployment;
beforeAll(async () => {
  deployment = await Deployment.start({ zones: ["east", "west"], zone: SOON });
  for (const name of ["east", "west"]) {
    const zone = deployment.zone(name);
    for (let i = 0; i < SERVICES_EACH; i += 1) {
      await zone.api.put(servicePath(`${name}-${i}`), meshService(`${name}-${i}`, 8000 + i));
    }
  }
  await deployment.converged();
  await everyoneHasAllServices();
});
afterAll(() => deployment.stop());

async function everyoneHasAllServices(): Promise<void> {
  for (const plane of [deployment.global, deployment.zone("east"), deployment.zone("west")]) {
    await eventually(async () => (await plane.api.listResources(SERVICES)).length === 2 * SERVICES_EACH, {
      what: `all services at ${plane.name}`,
    });
  }
}

describe("kill -9", () => {
  it("of the global under writes: every acknowledged policy arrives, nothing disappears from a zone", async () => {
    const { global } = deployment;
    for (let round = 0; round < ROUNDS; round += 1) {
      const acknowledged: string[] = [];
      const killed = new AbortController();
      const writer = (async () => {
        for (let i = 0; !killed.signal.aborted; i += 1) {
          const name = `round-${round}-${i}`;
          try {
            await global.api.put(timeoutPath(name), meshTimeout(name, "15s"));
            acknowledged.push(name);
          } catch {
            return;
          }
        }
      })();
      await eventually(() => acknowledged.length >= 20, { what: "writes" });
      await global.kill();
      killed.abort();
      await writer;
      // While the global is away each zone keeps what it had.
      expect(await deployment.zone("west").api.listResources(SERVICES)).toHaveLength(2 * SERVICES_EACH);
      await global.start();
      await deployment.converged();
      for (const plane of [global, deployment.zone("east"), deployment.zone("west")]) {
        const names = new Set(
          (await plane.api.listResources(TIMEOUTS)).map((t) => t.labels?.["kuma.io/display-name"] ?? t.name),
        );
        expect(acknowledged.filter((name) => !names.has(name))).toEqual([]);
      }
      await everyoneHasAllServices();
      expect(await global.api.holds()).toEqual([]);
    }
  });

  it("of a zone under writes: every acknowledged service reaches the global and the other zone", async () => {
    const east = deployment.zone("east");
    const acknowledged: string[] = [];
    const killed = new AbortController();
    const writer = (async () => {
      for (let i = 0; !killed.signal.aborted; i += 1) {
        try {
          await east.api.put(servicePath(`extra-${i}`), meshService(`extra-${i}`, 8080));
          acknowledged.push(`extra-${i}`);
        } catch {
          return;
        }
      }
    })();
    await eventually(() => acknowledged.length >= 20, { what: "writes" });
    await east.kill();
    killed.abort();
    await writer;
    expect((await deployment.global.api.listResources(SERVICES)).length).toBeGreaterThanOrEqual(2 * SERVICES_EACH);
    await east.start();
    await deployment.converged();
    for (const plane of [deployment.global, deployment.zone("west")]) {
      const services = await plane.api.listResources(SERVICES);
      const names = new Set(services.map((s) => s.labels?.["kuma.io/display-name"] ?? s.name));
      expect(acknowledged.filter((name) => !names.has(name))).toEqual([]);
      expect(names).toContain("east-0");
      expect(names).toContain("west-0");
    }
  });

  it("of everything at once: all of it comes back", async () => {
    const before = (await deployment.global.api.listResources(SERVICES)).length;
    await Promise.all([deployment.global.kill(), deployment.zone("east").kill(), deployment.zone("west").kill()]);
    await Promise.all([deployment.zone("east").start(), deployment.zone("west").start(), deployment.global.start()]);
    await deployment.converged();
    for (const plane of [deployment.global, deployment.zone("west")]) {
      expect(await plane.api.listResources(SERVICES)).toHaveLength(before);
    }
  });
});
