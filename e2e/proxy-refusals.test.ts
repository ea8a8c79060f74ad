/** A configuration that Envoy refuses: it is kept out and told of, and traffic goes on with what there was. A real Envoy under a zone of its own. */
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { objectOf, objectsOf } from "@isthmus/resources";
import { isJsonObject } from "@isthmus/std";
import { eventually, freePorts, type TempFolder, tempFolder } from "@isthmus/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ControlPlane } from "./harness/control-plane.ts";
import { ENVOY, EnvoyProxy } from "./harness/envoy-proxy.ts";

const ADDRESS = "127.0.37.1";
/** Of fixed addresses. With a name among them Envoy refuses it: its own check, which no schema knows. */
const cluster = (name: string, address: string): string => `
name: ${name}
type: STATIC
connectTimeout: 5s
loadAssignment:
  clusterName: ${name}
  endpoints:
    - lbEndpoints:
        - endpoint: { address: { socketAddress: { address: ${address}, portValue: 80 } } }
`;

describe.skipIf(ENVOY === undefined)("what Envoy refuses (needs Envoy)", () => {
  let folder: TempFolder;
  let zone: ControlPlane;
  let service: Server;
  let proxy: EnvoyProxy;

  beforeAll(async () => {
    folder = await tempFolder("isthmus-e2e-");
    const [restPort = 0, diagnosticsPort = 0, dpPort = 0, servicePort = 0] = await freePorts(4);
    const settings = {
      "multizone.zone.name": "alone",
      "store.type": "memory",
      "dpServer.port": dpPort,
      "xdsServer.dataplaneStatusFlushInterval": "100ms",
    };
    const place = join(folder.path, "alone");
    zone = new ControlPlane({ role: "zone", name: "alone", folder: place, settings, restPort, diagnosticsPort });
    await zone.start();
    service = createServer((_, response) => void response.end("web"));
    await new Promise<void>((resolve) => service.listen(servicePort, "127.0.0.1", resolve));
    const tags = { "kuma.io/service": "web", "kuma.io/protocol": "http" };
    const inbound = [{ port: 8080, servicePort, serviceAddress: "127.0.0.1", tags }];
    proxy = await EnvoyProxy.create({
      zone,
      dpPort,
      proxyType: "dataplane",
      resource: { type: "Dataplane", mesh: "default", name: "web-1", networking: { address: ADDRESS, inbound } },
      listens: { address: ADDRESS, port: 8080 },
      // By its name, as people write it: the certificate has it, and Envoy finds the address that is listened on.
      flags: { "cp-address": `https://localhost:${dpPort}` },
    });
  });
  afterAll(async () => {
    await proxy.kill();
    service.close();
    await zone.kill();
    await folder.remove();
  });

  it("comes from a control plane that is known as localhost, like everything else", async () => {
    await proxy.spawn();
    await proxy.listening();
    await eventually(async () => (await ask()) === "web", { what: () => `an answer\n${proxy.log()}` });
    expect(await rejected()).toBe(0);
  });

  it("is kept out and named, while traffic and everything else go on", async () => {
    await patch("broken", cluster("broken", "no-address.example"));
    await eventually(async () => (await rejected()) === 1, { what: "a refusal in the insight" });
    const line = await eventually(() =>
      zone
        .log()
        .split("\n")
        .find((text) => text.includes("no-address.example")),
    );
    expect(JSON.parse(line)).toMatchObject({ resources: ["broken"] });
    expect(await zone.metrics()).toMatch(/^xds_requests_received\{[^}]*confirmation="NACK"[^}]*\} 1$/m);
    expect(await ask()).toBe("web");

    // What it takes meanwhile it is given, and what it refused is not sent again.
    await patch("other", cluster("other", "127.0.0.1"));
    await eventually(async () => (await dump()).includes('"name": "other"'), { what: "another change in Envoy" });
    expect(await dump()).not.toContain('"name": "broken"');
    expect(await rejected()).toBe(1);
    expect(await ask()).toBe("web");
  });

  it("is sent again when it is right", async () => {
    await patch("broken", cluster("broken", "127.0.0.1"));
    await eventually(async () => (await dump()).includes('"name": "broken"'), { what: "the cluster in Envoy" });
    expect(await rejected()).toBe(1);
    expect(await ask()).toBe("web");
  });

  const dump = (): Promise<string> => zone.api.text("meshes/default/dataplanes/web-1/xds");

  async function patch(name: string, value: string): Promise<void> {
    const appendModifications = [{ cluster: { operation: "Add", value } }];
    const spec = { targetRef: { kind: "Mesh" }, default: { appendModifications } };
    await zone.api.put(`meshes/default/meshproxypatches/${name}`, {
      type: "MeshProxyPatch",
      mesh: "default",
      name,
      spec,
    });
  }

  /** Responses with clusters that the connected proxy refused, as its insight has it; -1: it is not online. */
  async function rejected(): Promise<number> {
    const insight: unknown = await zone.api.find("meshes/default/dataplane-insights/web-1");
    const last = isJsonObject(insight) ? objectsOf(insight, "subscriptions").at(-1) : undefined;
    if (last === undefined || last["disconnectTime"] !== undefined) return -1;
    return Number(objectOf(objectOf(last, "status"), "cds")["responsesRejected"] ?? 0);
  }

  async function ask(): Promise<string> {
    try {
      return await (await fetch(`http://${ADDRESS}:8080/`, { signal: AbortSignal.timeout(5_000) })).text();
    } catch (error) {
      return `failed: ${String(error)}`;
    }
  }
});
