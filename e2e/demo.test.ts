/** What `npm start` runs, on ports of the test's own. */
import { execFile, spawn } from "node:child_process";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { eventually, freePortOffset, type TempFolder, tempFolder } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMAND } from "./harness/control-plane.ts";
import { ENVOY } from "./harness/envoy-proxy.ts";

const run = promisify(execFile);
/** The demo's ports are 5680 to 5685 and each further zone 1,000 higher; an offset moves them all. */
const DEMO_PORTS = [
  5_680,
  5_681,
  5_682,
  5_685,
  ...[6_000, 7_000].flatMap((zone) => [678, 680, 681, 682, 691, 692, 693, 694].map((port) => zone + port)),
];

let folder: TempFolder;
beforeAll(async () => {
  folder = await tempFolder("isthmus-e2e-");
});
afterAll(() => folder.remove());

describe("isthmus demo", () => {
  it("starts, applies the samples, measures two changes, and finds its data the second time", {
    timeout: 300_000,
  }, async () => {
    const offset = ["--port-offset", String(await freePortOffset(DEMO_PORTS))];
    const args = ["demo", "--once", "--no-proxies", "--data", folder.path, ...offset];
    const first = await run(process.execPath, [COMMAND, ...args]);
    expect(first.stdout).toMatch(
      /policy MeshTimeout\/demo-timeout changed on the global, stored in east .*ms.*west .*ms/,
    );
    expect(first.stdout).toMatch(/MeshService\/backend changed in east, stored in global .*ms.*west .*ms/);
    const second = await run(process.execPath, [COMMAND, ...args]);
    expect(second.stdout).toContain("(found)");
    expect(second.stdout).toContain("MeshService/backend updated");
  });

  it.skipIf(ENVOY === undefined)(
    "sends requests from zone to zone, shows who answers when an instance stops, and leaves no process (needs Envoy)",
    { timeout: 300_000 },
    async () => {
      const data = `${folder.path}/proxies`;
      const args = ["demo", "--data", data, "--port-offset", String(await freePortOffset(DEMO_PORTS))];
      const env = { ...process.env, ISTHMUS_ENVOY: ENVOY, NO_COLOR: "1" };
      const demo = spawn(process.execPath, [COMMAND, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
      let text = "";
      for (const stream of [demo.stdout, demo.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
      const ended = new Promise((resolve) => demo.once("exit", resolve));
      const shown = (what: RegExp): Promise<unknown> =>
        eventually(() => what.test(text) || demo.exitCode !== null, {
          timeoutMs: 240_000,
          what: () => `${what}\n${text}`,
        });
      try {
        await shown(/last requests, and the zones that answered:\n.*web in east -> backend +east/);
      } finally {
        demo.kill("SIGINT");
      }
      expect([await ended, text]).toEqual([0, expect.stringContaining("stopping")]);
      expect(text).toMatch(/web in east -> backend +east 20\n.*-> backend of west +west 20\n/);
      expect(text).toMatch(/web in west -> backend +west 20\n.*-> backend of east +east 20\n/);
      expect(text).toMatch(
        /backend-1 of west stopped: another zone answered after .*\n.*web in west -> backend +east 20\n/,
      );
      expect(text).toMatch(/backend-1 of west runs again: .*\n.*web in west -> backend +west 20\n/);
      // Every process of the demo has the folder in its command line.
      const { stdout } = await run("ps", ["-eo", "args"]);
      expect(stdout.split("\n").filter((line) => line.includes(data))).toEqual([]);
    },
  );

  it("names every busy port and the setting that owns it", async () => {
    const offset = await freePortOffset(DEMO_PORTS);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(5_681 + offset, "127.0.0.1", resolve));
    const args = ["demo", "--once", "--data", folder.path, "--port-offset", String(offset)];
    const failure = await run(process.execPath, [COMMAND, ...args])
      .catch((error: unknown) => error as { code: number; stderr: string })
      .finally(() => server.close());
    expect(failure).toMatchObject({ code: 1 });
    expect(failure.stderr).toContain(`port ${5_681 + offset} is in use (global: setting apiServer.http.port)`);
  });
});
