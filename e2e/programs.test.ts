/** The programs as an operator meets them: settings, ports, folders, signals, a zone alone. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventually, freePorts, type TempFolder, tempFolder } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMAND, ControlPlane } from "./harness/control-plane.ts";
import { meshTimeout, timeoutPath } from "./harness/samples.ts";

const run = promisify(execFile);
let folder: TempFolder;
beforeAll(async () => {
  folder = await tempFolder("isthmus-e2e-");
});
afterAll(() => folder.remove());

async function plane(
  role: "global" | "zone",
  name: string,
  settings: Record<string, string | number> = {},
): Promise<ControlPlane> {
  const [restPort = 0, diagnosticsPort = 0, kdsPort = 0] = await freePorts(3);
  return new ControlPlane({
    role,
    name,
    folder: join(folder.path, name),
    settings,
    restPort,
    diagnosticsPort,
    ...(role === "global" && { kdsPort }),
  });
}

describe("isthmus global", () => {
  it("stops cleanly on SIGTERM and finds its data again", async () => {
    const global = await plane("global", "again");
    await global.start();
    await global.api.put(timeoutPath("kept"), meshTimeout("kept", "15s"));
    const index = await global.api.index();
    expect(await global.stop()).toBe(0);
    await global.start();
    expect(await global.api.get(timeoutPath("kept"))).toMatchObject({ name: "kept" });
    expect((await global.api.index()).clusterId).toBe(index.clusterId);
    expect(await global.stop()).toBe(0);
  });

  it("refuses a folder that another process has open, and a busy port, by name", async () => {
    const first = await plane("global", "locked");
    await first.start();
    const second = await plane("global", "locked");
    second.spawn();
    expect(await second.exited()).toBe(1);
    expect(second.log()).toMatch(/another process|locked|in use/i);

    const third = await plane("global", "third", { "apiServer.http.port": first.options.restPort });
    third.spawn();
    expect(await third.exited()).toBe(1);
    expect(third.log()).toContain("apiServer.http.port");
    expect(await first.stop()).toBe(0);
  });

  it("names every invalid setting at once and exits with 2", async () => {
    const failure = await run(process.execPath, [
      COMMAND,
      "global",
      "--set",
      "apiServer.http.port=99999",
      "--set",
      "store.type=etcd",
      "--set",
      "no.such.setting=1",
    ]).catch((error: unknown) => error as { code: number; stderr: string });
    expect(failure).toMatchObject({ code: 2 });
    for (const part of ["apiServer.http.port", "store.type", "no.such.setting"]) expect(failure.stderr).toContain(part);
  });
});

describe("isthmus zone", () => {
  it("runs alone with defaults of its own", async () => {
    const zone = await plane("zone", "alone", { "multizone.zone.name": "alone", "store.type": "memory" });
    await zone.start();
    expect(await zone.api.get("meshes/default")).toMatchObject({ type: "Mesh" });
    expect(await zone.api.get("zones/alone")).toMatchObject({ type: "Zone", name: "alone" });
    await zone.api.put("meshes/second", { type: "Mesh", name: "second" });
    const secrets = await zone.api.listResources("meshes/second/secrets");
    expect(secrets.map((secret) => secret.name)).toEqual(["dataplane-token-signing-key-second-1"]);
    expect((await zone.api.syncStatus()).zones).toEqual([]);
    expect(await zone.stop()).toBe(0);
  });

  it("keeps trying while the global is away, and stays ready for its own work", async () => {
    const [kdsPort = 0] = await freePorts(1);
    const zone = await plane("zone", "waiting", {
      "multizone.zone.name": "waiting",
      "multizone.zone.globalAddress": `grpcs://127.0.0.1:${kdsPort}`,
      "multizone.zone.kds.tlsSkipVerify": "true",
    });
    await zone.start();
    await eventually(() => /cannot|refused|unavailable|connect/i.test(zone.log()));
    expect((await zone.api.syncStatus()).zones.every((entry) => !entry.online)).toBe(true);
    expect(await zone.stop()).toBe(0);
  });

  it("does not talk to a global whose certificate is not the pinned one", async () => {
    const global = await plane("global", "pinned-global");
    const stranger = await plane("global", "stranger");
    await Promise.all([global.start(), stranger.start()]);
    const zone = await plane("zone", "pinned-zone", {
      "multizone.zone.name": "pinned",
      "multizone.zone.globalAddress": `grpcs://127.0.0.1:${stranger.options.kdsPort}`,
      "multizone.zone.kds.rootCaFile": join(global.folder, "kuma-cp.crt"),
    });
    await zone.start();
    await eventually(() => /certificate|self.signed/i.test(zone.log()));
    expect(await stranger.api.listResources("zones")).toEqual([]);
    await Promise.all([zone.stop(), global.stop(), stranger.stop()]);
  });
});
