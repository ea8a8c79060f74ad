import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { tempFolder } from "@isthmus/testkit";
import { expect, it } from "vitest";
import { EnvoyAdmin } from "../envoy/envoy-admin.ts";
import { metricsFromBootstrap, metricsFromDocument } from "./metrics-config.ts";
import { MetricsServer } from "./metrics-server.ts";

it("gives out the metrics of Envoy and of applications, and goes on where one does not answer", async () => {
  const folder = await tempFolder();
  const asked: string[] = [];
  const envoy = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.end("envoy_server_live 1\nenvoy_other 2\n");
  });
  const application = createServer((request, response) => {
    const isRight = request.url === "/stats?all" && request.headers.accept?.startsWith("text/plain") === true;
    response.writeHead(isRight ? 200 : 404).end("app_up 1\n");
  });
  await new Promise<void>((resolve) => envoy.listen(join(folder.path, "admin.sock"), resolve));
  await new Promise<void>((resolve) => application.listen(0, "127.0.0.1", resolve));
  const { port } = application.address() as AddressInfo;
  const failed: string[] = [];
  const socket = join(folder.path, "metrics.sock");
  const server = new MetricsServer(
    {
      socket,
      admin: new EnvoyAdmin({ kind: "socket", path: join(folder.path, "admin.sock") }),
      onFailed: (source, reason) => failed.push(`${source}: ${reason}`),
    },
    metricsFromBootstrap({ metrics: { aggregate: [{ name: "app", address: "127.0.0.1", port, path: "/gone" }] } }),
  );
  await server.listen();
  const read = async (): Promise<string> => {
    const answer = await new EnvoyAdmin({ kind: "socket", path: socket }).get("/meshmetric");
    return answer.body.toString();
  };

  expect(await read()).toBe("# TYPE envoy_server_live untyped\nenvoy_server_live 1\n");
  expect(failed).toEqual(["app: answered with 404"]);
  const metrics = {
    applications: [{ path: "/stats?all", port, address: "" }],
    sidecar: { includeUnused: true, profiles: { appendProfiles: [{ name: "All" }] } },
    extraLabels: { mesh: "default", "kuma.workload": 'a"b' },
  };
  server.configure(metricsFromDocument({ observability: { metrics } }, "127.0.0.1"));
  const labels = '{mesh="default",kuma_workload="a\\"b"}';
  expect(await read()).toBe(
    ["app_up", "envoy_server_live", "envoy_other"]
      .map((name) => `# TYPE ${name} untyped\n${name}${labels} ${name === "envoy_other" ? 2 : 1}\n`)
      .join(""),
  );
  expect(asked).toEqual(["/stats?format=prometheus&text_readouts&usedonly", "/stats?format=prometheus&text_readouts"]);
  await server.close();
  envoy.close();
  application.close();
  await folder.remove();
});
