/** Inspection of one proxy in a mesh of 1,000 services and 1,000 policies that all apply to it. */
import type { JsonObject } from "@isthmus/std";
import { bench, describe } from "vitest";
import { mesh, rig } from "../testing/rig.ts";

const COUNT = 1_000;

const service = (index: number): JsonObject => ({
  type: "MeshService",
  mesh: "default",
  name: `s-${index}`,
  labels: { app: `a-${index}`, "kuma.io/zone": "east", "kuma.io/origin": "zone" },
  spec: {
    selector: { dataplaneTags: { "kuma.io/service": `s-${index}` } },
    ports: [{ port: 80, name: "http", targetPort: 8080, appProtocol: "http" }],
  },
});

/** Of ten policies one is about the mesh, four name a service, one selects services by labels, four are about clients. */
const policy = (index: number): JsonObject => {
  const base = { mesh: "default", name: `p-${index}`, labels: { "kuma.io/zone": "east", "kuma.io/origin": "zone" } };
  const idleTimeout = `${1 + index}s`;
  const to = (targetRef: JsonObject) => ({ to: [{ targetRef, default: { idleTimeout } }] });
  const kind = index % 10;
  if (kind === 0)
    return {
      ...base,
      type: "MeshTimeout",
      spec: index < 50 ? to({ kind: "Mesh" }) : to({ kind: "MeshService", name: `s-${index}` }),
    };
  if (kind < 5)
    return { ...base, type: "MeshTimeout", spec: to({ kind: "MeshService", name: `s-${index}`, sectionName: "http" }) };
  if (kind === 5)
    return { ...base, type: "MeshTimeout", spec: to({ kind: "MeshService", labels: { app: `a-${index}` } }) };
  const from = [{ targetRef: { kind: "MeshService", name: `s-${index}` }, default: { action: "Allow" } }];
  return { ...base, type: "MeshTrafficPermission", spec: { from } };
};

describe("1,000 services, 1,000 policies", async () => {
  const { seed, ask, store } = rig({ mode: "zone", zoneName: "east" });
  await seed({ ...mesh("default"), meshServices: { mode: "Exclusive" } });
  await seed(...Array.from({ length: COUNT }, (_each, index) => service(index)));
  await seed(...Array.from({ length: COUNT }, (_each, index) => policy(index)));
  const dataplane = (name: string): JsonObject => ({
    type: "Dataplane",
    mesh: "default",
    name,
    labels: { "kuma.io/zone": "east", "kuma.io/origin": "zone" },
    networking: { address: "10.0.0.1", inbound: [{ port: 8080, name: "http", tags: { "kuma.io/service": "web" } }] },
  });
  await seed(...Array.from({ length: COUNT }, (_each, index) => dataplane(`web-${index}`)));
  const path = "/meshes/default/dataplanes/web-0";

  bench("_rules", async () => void (await ask("GET", `${path}/_rules`)));
  bench("_rules after a change", async () => {
    const resource = store.get({ type: "Dataplane", mesh: "default", name: "web-1" });
    if (resource === undefined) throw new Error("no Dataplane");
    await store.commit([
      { kind: "put", resource: { ...resource, labels: { ...resource.labels, n: `${store.revision}` } } },
    ]);
    await ask("GET", `${path}/_rules`);
  });
  bench(
    "_policies of an outbound",
    async () => void (await ask("GET", `${path}/_outbounds/kri_msvc_default_east__s-1_http/_policies`)),
  );
  bench("_layout", async () => void (await ask("GET", `${path}/_layout`)));
  bench(
    "Dataplanes of a policy",
    async () => void (await ask("GET", "/meshes/default/meshtimeouts/p-1/_resources/dataplanes")),
  );
});
