/** What a list of 100 out of 10,000 and a put cost; without the network, over the memory store. */
import { bench, describe } from "vitest";
import { mesh, rig } from "./testing/rig.ts";

const SERVICES = 10_000;

const { ask, store } = rig();
await ask("PUT", "/meshes/default", mesh("default"));
const spec = { selector: { meshService: { matchLabels: { app: "web" } } }, ports: [{ port: 80, appProtocol: "http" }] };
const service = (name: string, labels: Record<string, string>) => ({
  type: "MeshMultiZoneService",
  mesh: "default",
  name,
  labels,
  spec,
});
await store.commit(
  Array.from({ length: SERVICES }, (_, n) => ({
    kind: "put" as const,
    resource: service(`service-${n}`, { "kuma.io/mesh": "default", "kuma.io/zone": `zone-${n % 10}` }),
  })),
);
const PATH = "/meshes/default/meshmultizoneservices";

describe(`${SERVICES} MeshMultiZoneServices`, () => {
  bench("first page of 100", async () => {
    await ask("GET", `${PATH}?size=100`);
  });
  bench("last page of 100", async () => {
    await ask("GET", `${PATH}?size=100&offset=${SERVICES - 100}`);
  });
  bench("100 of 1,000 with a label", async () => {
    await ask("GET", `${PATH}?size=100&filter[labels.kuma.io/zone]=zone-3`);
  });
  bench("one", async () => {
    await ask("GET", `${PATH}/service-5000`);
  });
  let version = 0;
  bench("put", async () => {
    version += 1;
    await ask("PUT", `${PATH}/service-1`, service("service-1", { version: String(version) }));
  });
});
