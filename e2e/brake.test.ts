/** A global that lost its data under connected zones: nothing is stripped, the operator sees it and decides. */

import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventually } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMAND } from "./harness/control-plane.ts";
import { Deployment } from "./harness/deployment.ts";
import { meshService, meshTimeout, SERVICES, SOON, servicePath, TIMEOUTS, timeoutPath } from "./harness/samples.ts";

const run = promisify(execFile);
const POLICIES = 6;

let deployment: Deployment;
beforeAll(async () => {
  deployment = await Deployment.start({ zones: ["east", "west"], zone: SOON });
  for (let i = 0; i < POLICIES; i += 1)
    await deployment.global.api.put(timeoutPath(`keep-${i}`), meshTimeout(`keep-${i}`, "15s"));
  await deployment.global.api.put("meshes/prod", { type: "Mesh", name: "prod" });
  for (const name of ["east", "west"]) await deployment.zone(name).api.put(servicePath(name), meshService(name, 8080));
  await deployment.converged();
  await eventually(async () => deployment.zone("west").byDisplayName(SERVICES, "east"));
});
afterAll(() => deployment.stop());

describe("a global that starts empty", () => {
  it("deletes nothing in its zones, which show what they hold back", async () => {
    const { global } = deployment;
    const west = deployment.zone("west");
    const secretsBefore = await west.api.listResources("meshes/default/secrets");
    await global.kill();
    await rm(join(global.folder, "data"), { recursive: true });
    await global.start();
    const holds = await eventually(async () => {
      const found = await west.api.holds();
      return found.some((hold) => hold.id.includes("/MeshTimeout/")) && found.some((hold) => hold.id.includes("/Mesh/"))
        ? found
        : undefined;
    });
    const timeouts = await west.api.listResources(TIMEOUTS);
    expect(timeouts.filter((item) => item.labels?.["kuma.io/display-name"]?.startsWith("keep-"))).toHaveLength(
      POLICIES,
    );
    expect(await west.api.find("meshes/prod")).toBeDefined();
    expect(holds.every((hold) => hold.state === "held")).toBe(true);
    // Keys and CA material stay those that the zone's proxies trust.
    expect(await west.api.listResources("meshes/default/secrets")).toEqual(secretsBefore);
    expect(await west.metrics()).toMatch(/isthmus_sync_holds\{[^}]*\} [1-9]/);
    await eventually(() => west.log().includes("held"));
  });

  it("goes on with upserts while something is held", async () => {
    await deployment.global.api.put(timeoutPath("new"), meshTimeout("new", "15s"));
    for (const name of ["east", "west"])
      await eventually(async () => deployment.zone(name).byDisplayName(TIMEOUTS, "new"));
  });

  it("the command shows the holds, rejects and accepts them", async () => {
    const west = deployment.zone("west");
    const cli = (...args: string[]) => run(process.execPath, [COMMAND, ...args, "-s", west.restUrl]);
    const listed = await cli("sync", "holds");
    expect(listed.stdout).toContain("/MeshTimeout/global");
    const mesh = (await west.api.holds()).find((hold) => hold.id.includes("/Mesh/"));
    await cli("sync", "reject", mesh?.id ?? "");
    expect(await west.api.find("meshes/prod")).toBeDefined();
    const timeouts = (await west.api.holds()).find((hold) => hold.id.includes("/MeshTimeout/"));
    await cli("sync", "accept", timeouts?.id ?? "");
    await eventually(async () => (await west.byDisplayName(TIMEOUTS, "keep-0")) === undefined);
    expect(await west.byDisplayName(TIMEOUTS, "new")).toBeDefined();
    // The other zone decides for itself.
    expect(await deployment.zone("east").byDisplayName(TIMEOUTS, "keep-0")).toBeDefined();
    await expect(cli("sync", "accept", "no/such/hold")).rejects.toMatchObject({ code: 1 });
  });

  it("a hold outlives a restart of the zone, and ends when the global has the resources again", async () => {
    const east = deployment.zone("east");
    await east.kill();
    await east.start();
    await eventually(async () => (await east.api.holds()).some((hold) => hold.id.includes("/MeshTimeout/")));
    expect(await east.byDisplayName(TIMEOUTS, "keep-0")).toBeDefined();
    for (let i = 0; i < POLICIES; i += 1)
      await deployment.global.api.put(timeoutPath(`keep-${i}`), meshTimeout(`keep-${i}`, "15s"));
    // The lost mesh came with timeouts of its own.
    await deployment.global.api.put("meshes/prod", { type: "Mesh", name: "prod" });
    await eventually(async () => !(await east.api.holds()).some((hold) => hold.id.includes("/MeshTimeout/")));
    expect(await east.byDisplayName(TIMEOUTS, "keep-0")).toBeDefined();
  });
});

describe("a zone that lost its data", () => {
  it("does not take its services away from the others before the operator says so", async () => {
    const { global } = deployment;
    const west = deployment.zone("west");
    for (let i = 0; i < 3; i += 1) await west.api.put(servicePath(`many-${i}`), meshService(`many-${i}`, 8080));
    await eventually(async () => global.byDisplayName(SERVICES, "many-2"));
    await west.kill();
    await rm(join(west.folder, "data"), { recursive: true });
    await west.start();
    const hold = await eventually(async () => (await global.api.holds()).find((h) => h.id.includes("/MeshService/")));
    expect(await global.byDisplayName(SERVICES, "many-0")).toBeDefined();
    await global.api.acceptHold(hold.id);
    await eventually(async () => (await global.byDisplayName(SERVICES, "many-0")) === undefined);
  });
});
