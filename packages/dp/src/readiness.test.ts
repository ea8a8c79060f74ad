import { createServer } from "node:http";
import { join } from "node:path";
import { tempFolder } from "@isthmus/testkit";
import { expect, it } from "vitest";
import { EnvoyAdmin } from "./envoy/envoy-admin.ts";
import { ReadinessServer, readinessHost } from "./readiness.ts";

it("is ready when Envoy is, and no more once it is to stop", async () => {
  const folder = await tempFolder();
  const path = join(folder.path, "admin.sock");
  const readiness = new ReadinessServer();
  const port = await readiness.listen("127.0.0.1", 0);
  const ask = async (url = "/ready"): Promise<string> => {
    const answer = await fetch(`http://127.0.0.1:${port}${url}`);
    return `${answer.status} ${await answer.text()}`;
  };
  expect(await ask()).toBe("503 NOT_READY");
  readiness.follow(new EnvoyAdmin({ kind: "socket", path }));
  expect(await ask()).toBe("503 envoy not ready");
  let state: readonly [number, string] = [503, "PRE_INITIALIZING\n"];
  const envoy = createServer((request, response) => response.writeHead(state[0]).end(`${request.url} ${state[1]}`));
  await new Promise<void>((resolve) => envoy.listen(path, resolve));
  expect(await ask()).toBe("503 /ready PRE_INITIALIZING\n");
  state = [200, "LIVE\n"];
  expect(await ask("/ready?x")).toBe("200 /ready LIVE\n");
  readiness.hold(60_000);
  expect(await ask()).toBe("503 NOT_READY");
  readiness.release();
  expect(await ask()).toBe("200 /ready LIVE\n");
  expect(await ask("/config_dump")).toBe("404 ");
  readiness.terminating();
  expect(await ask()).toBe("503 TERMINATING");
  await readiness.close();
  envoy.close();
  await folder.remove();
});

it.each([
  ["10.0.0.1", false, "127.0.0.1"],
  ["fd00::1", false, "::1"],
  ["10.0.0.1", true, "0.0.0.0"],
  ["fd00::1", true, "::"],
])("%s, in a pod %s: on %s", (address, isInPod, host) => {
  expect(readinessHost(address, isInPod)).toBe(host);
});
