/** What `npm start` runs, on ports of the test's own. */
import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { freePorts, type TempFolder, tempFolder } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMAND } from "./harness/control-plane.ts";

const run = promisify(execFile);
/** The demo's ports are 5680 to 5685 and each further zone 1,000 higher; an offset moves them all. */
const DEMO_BASE = 5_680;

let folder: TempFolder;
beforeAll(async () => {
  folder = await tempFolder("isthmus-e2e-");
});
afterAll(() => folder.remove());

async function portOffset(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return (port % 50_000) - DEMO_BASE + 8_000;
}

describe("isthmus demo", () => {
  it("starts, applies the samples, measures two changes, and finds its data the second time", {
    timeout: 120_000,
  }, async () => {
    const args = ["demo", "--once", "--data", folder.path, "--port-offset", String(await portOffset())];
    const first = await run(process.execPath, [COMMAND, ...args]);
    expect(first.stdout).toMatch(
      /policy MeshTimeout\/demo-timeout changed on the global, stored in east .*ms.*west .*ms/,
    );
    expect(first.stdout).toMatch(/MeshService\/backend changed in east, stored in global .*ms.*west .*ms/);
    const second = await run(process.execPath, [COMMAND, ...args]);
    expect(second.stdout).toContain("(found)");
    expect(second.stdout).toContain("MeshService/backend updated");
  });

  it("names every busy port and the setting that owns it", async () => {
    const offset = await portOffset();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(5_681 + offset, "127.0.0.1", resolve));
    const failure = await run(process.execPath, [
      COMMAND,
      "demo",
      "--once",
      "--data",
      folder.path,
      "--port-offset",
      String(offset),
    ]).catch((error: unknown) => error as { code: number; stderr: string });
    server.close();
    expect(failure).toMatchObject({ code: 1 });
    expect(failure.stderr).toContain(`port ${5_681 + offset} is in use (global: setting apiServer.http.port)`);
  });
});
