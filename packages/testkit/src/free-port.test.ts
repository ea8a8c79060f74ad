import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { promisify } from "node:util";
import { expect, it, onTestFinished, vi } from "vitest";
import { freePortOffset, freePorts } from "./free-port.ts";

it("gives no port twice, in this process or to another that looks at the same time", async () => {
  // A module of its own, as another test file has it.
  vi.resetModules();
  const other = await import("./free-port.ts");
  expect(other.freePorts).not.toBe(freePorts);
  const ports = (
    await Promise.all(Array.from({ length: 40 }, (_, i) => (i % 2 ? other : { freePorts }).freePorts(50)))
  ).flat();
  expect(new Set(ports).size).toBe(2_000);
  for (const port of ports) expect(port > 20_999 && port < 32_700).toBe(true);
});

it.runIf(process.platform === "linux")(
  "shows a port that it gave to other processes, as long as this one lives",
  async () => {
    const [port = 0] = await freePorts(1);
    const script = `require("net").createServer().on("error", (e) => console.log(e.code)).listen("\\0isthmus-test-port-" + process.argv[1])`;
    const { stdout } = await promisify(execFile)(process.execPath, ["-e", script, String(port)]);
    expect(stdout).toBe("EADDRINUSE\n");
  },
);

it("finds an offset at which all of some ports are free", async () => {
  const ports = [5_681, 5_680, 7_694];
  const offset = await freePortOffset(ports);
  for (const port of ports) {
    const server = createServer();
    onTestFinished(() => void server.close());
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(port + offset, "127.0.0.1", resolve);
    });
  }
  await expect(freePortOffset([1, 40_000])).rejects.toThrow();
});
