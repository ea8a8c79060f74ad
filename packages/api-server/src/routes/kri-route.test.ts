import { hashedName } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { type Answer, mesh, rig } from "../testing/rig.ts";

const timeout = (name: string, labels: Readonly<Record<string, string>> = {}): JsonObject => ({
  type: "MeshTimeout",
  mesh: "m",
  name,
  labels,
  spec: { targetRef: { kind: "Mesh" } },
});
/** As the global sends it to zones. */
const SYNCED_NAME = hashedName({ mesh: "m", name: "t", labels: {} });
const SYNCED = timeout(SYNCED_NAME, { "kuma.io/display-name": "t", "kuma.io/origin": "global" });
const nameOf = (answer: Answer): unknown => (JSON.parse(answer.text) as { name?: unknown }).name ?? answer.status;
const reasonOf = (answer: Answer): unknown =>
  (JSON.parse(answer.text) as { invalid_parameters?: { reason: string }[] }).invalid_parameters?.[0]?.reason;

describe("the resource of a KRI", async () => {
  const zone = rig({ mode: "zone", zoneName: "east", isFederated: true });
  await zone.seed(mesh("m"), SYNCED, timeout("own", { "kuma.io/zone": "east", "kuma.io/origin": "zone" }));

  it.each<[title: string, kri: string, found: unknown]>([
    ["of this zone", "kri_mt_m_east__own_", "own"],
    ["of another zone", "kri_mt_m_west__own_", 404],
    ["of no zone", "kri_mt_m___own_", 404],
    ["of the global", "kri_mt_m___t_", SYNCED_NAME],
    ["under its hashed name", `kri_mt_m___${SYNCED_NAME}_`, 404],
    ["of another mesh", "kri_mt_other_east__own_", 404],
    ["of another type", "kri_mtp_m_east__own_", 404],
    ["with an escaped name", "kri_mt_m_east__o%77n_", "own"],
  ])("%s", async (_title, kri, found) => {
    expect(nameOf(await zone.ask("GET", `/_kri/${kri}`))).toBe(found);
  });

  it("is shown in the asked format", async () => {
    const manifest = JSON.parse((await zone.ask("GET", "/_kri/kri_mt_m_east__own_?format=k8s")).text) as JsonObject;
    expect(manifest).toMatchObject({ kind: "MeshTimeout", metadata: { name: "own", namespace: "kuma-system" } });
    const other = await zone.ask("GET", "/_kri/kri_mt_m_east__own_?format=xml");
    expect([other.status, reasonOf(other)]).toEqual([
      400,
      '"format" must be one of ["k8s", "kubernetes", "universal"]',
    ]);
    expect(other.text).toContain('"title": "Could not format a resource"');
  });

  it("needs a type that exists", async () => {
    const answer = await zone.ask("GET", "/_kri/kri_zzz_m___x_");
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining("unknown short name")]);
  });
});

describe("the format of a resource", async () => {
  const global = rig();
  await global.seed(mesh("m"), timeout("a"), { type: "Zone", name: "z" });

  it("is Kubernetes' in the asked namespace", async () => {
    const path = "/meshes/m/meshtimeouts/a?format=kubernetes&namespace=ns";
    expect(JSON.parse((await global.ask("GET", path)).text)).toMatchObject({ metadata: { namespace: "ns" } });
  });

  it("is universal for overviews only", async () => {
    const shown = await global.ask("GET", "/zones/z/_overview?format=universal");
    const refused = await global.ask("GET", "/zones/z/_overview?format=k8s");
    expect([shown.status, refused.status]).toEqual([200, 400]);
    expect(reasonOf(refused)).toBe('"format" must be one of ["universal"]');
  });
});
