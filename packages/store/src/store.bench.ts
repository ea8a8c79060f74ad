/** What a commit, a list and an opening cost with 10,000 resources. `npx vitest bench packages/store` */
import { systemClock } from "@isthmus/std";
import { tempFolder } from "@isthmus/testkit";
import { afterAll, bench, describe } from "vitest";
import { createMemoryStore, type Op, openLmdbStore, type Store } from "./index.ts";

const RESOURCES = 10_000;
const CONCURRENT = 1_000;
const WHOLE = { iterations: 5, time: 0, warmupIterations: 1, warmupTime: 0 };

const folder = await tempFolder();
const openFolder = () => openLmdbStore({ folder: folder.path, clock: systemClock });
const stores: readonly Store[] = [createMemoryStore({ clock: systemClock }), await openFolder()];
afterAll(async () => {
  for (const store of stores) await store.stop();
  await folder.remove();
});

/** About as large as a MeshService that a zone makes. */
function service(i: number, generation: number): Op {
  const name = `service-${i}`;
  const labels = { "kuma.io/mesh": "default", "kuma.io/zone": "east", "kuma.io/display-name": name };
  const ports = [{ port: 80, targetPort: 8080, appProtocol: "http", name: "main" }];
  const selector = { dataplaneTags: { "kuma.io/service": name, version: `v${generation}` } };
  const spec = { selector, ports, identities: [{ type: "ServiceTag", value: name }], state: "Available" };
  const status = { tls: { status: "Ready" }, vips: [{ ip: "241.0.0.1" }], dataplaneProxies: { connected: 1 } };
  return { kind: "put", resource: { type: "MeshService", mesh: "default", name, labels, spec, status } };
}

let generation = 0;

for (const store of stores) {
  const services = (count: number): Op[] => {
    generation += 1;
    return Array.from({ length: count }, (_, i) => service(i, generation));
  };
  await store.commit(services(RESOURCES));

  describe(`${store.kind}, ${RESOURCES} resources`, () => {
    bench("commit of one", async () => {
      await store.commit(services(1));
    });
    bench(`${CONCURRENT} commits of one at the same time`, async () => {
      await Promise.all(services(CONCURRENT).map((op) => store.commit([op])));
    });
    bench(
      "commit of all",
      async () => {
        await store.commit(services(RESOURCES));
      },
      WHOLE,
    );
    bench("list after one changed", async () => {
      await store.commit(services(1));
      store.list("MeshService");
    });
    bench("get", () => {
      store.get({ type: "MeshService", mesh: "default", name: "service-5000" });
    });
  });
}

describe("lmdb on the disk", () => {
  let isFirst = true;
  bench(
    `open ${RESOURCES}`,
    async () => {
      // The store of the other figures has the folder until then.
      if (isFirst) await stores[1]?.stop();
      isFirst = false;
      await (await openFolder()).stop();
    },
    WHOLE,
  );
});
