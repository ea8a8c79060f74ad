/** Other control planes send what they like: whatever is stored, inspection answers, and not with 500. */
import type { Resource } from "@isthmus/resources";
import type { JsonObject, JsonValue } from "@isthmus/std";
import fc from "fast-check";
import { expect, it } from "vitest";
import { mesh, rig } from "../testing/rig.ts";

const wordsOf = (text: string): readonly string[] => text.trim().split(/\s+/);
const MEMBERS = wordsOf(`
  targetRef kind name namespace sectionName tags labels proxyTypes to from rules default matches spiffeID sni
  type value path headers hostnames backendRefs port networking inbound outbound listeners gateway address
  transparentProxying reachableBackends refs backendRef selector dataplaneTags dataplaneLabels matchLabels ports
  match template selectors sources conf appendX kuma.io/service __rule-matches-hash__ toString meshService
`);
const TEXTS = [
  "",
  "Mesh",
  "Dataplane",
  "MeshService",
  "MeshSubset",
  "MeshHTTPRoute",
  "MeshGateway",
  "a",
  "BUILTIN",
  "*",
];

const { json } = fc.letrec<{ json: JsonValue }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 6, depthSize: "medium" },
    fc.constantFrom<JsonValue>(null, true, 0, 8080, -1.5, ...TEXTS),
    fc.array(tie("json"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...MEMBERS), tie("json"), { maxKeys: 6 }),
  ),
}));
const spec = fc.dictionary(fc.constantFrom(...MEMBERS), json, { minKeys: 2, maxKeys: 10 }) as fc.Arbitrary<JsonObject>;

const TYPES = wordsOf(`
  Dataplane MeshService MeshExternalService MeshMultiZoneService MeshHTTPRoute MeshTCPRoute MeshTimeout
  MeshTrafficPermission MeshFaultInjection MeshMetric MeshProxyPatch MeshGateway HostnameGenerator MeshIdentity
  TrafficLog
`);
const KRI = "kri_msvc_default___a_a";
const PATHS = [
  "_rules",
  "_policies",
  "_layout",
  "policies",
  "rules",
  `_inbounds/${KRI}/_policies`,
  `_outbounds/${KRI}/_policies`,
  `_outbounds/${KRI}/_routes`,
  `_outbounds/${KRI}/_routes/kri_mhttpr_default___a_/_policies`,
].map((path) => `/meshes/default/dataplanes/a/${path}`);
const OTHERS = [
  "meshgateways/a/_rules",
  "meshgateways/a/dataplanes",
  "meshservices/a/_hostnames",
  "meshservices/a/_dataplanes",
  "meshtimeouts/a/_resources/dataplanes",
  "meshtimeouts/a/dataplanes",
  "traffic-logs/a/_resources/dataplanes",
].map((path) => `/meshes/default/${path}`);

it("answers whatever is stored", async () => {
  const control = rig({ mode: "zone", zoneName: "east" });
  await control.seed({ ...mesh("default"), meshServices: { mode: "Exclusive" } });
  await fc.assert(
    fc.asyncProperty(fc.tuple(...TYPES.map(() => spec)), async (specs) => {
      await control.store.commit(
        TYPES.map((type, index) => ({ kind: "put", resource: stored(type, specs[index] ?? {}) }) as const),
      );
      for (const path of [...PATHS, ...OTHERS]) {
        const { status, text } = await control.ask("GET", path);
        expect([path, status < 500, text]).toEqual([path, true, text]);
      }
    }),
    { numRuns: 40 },
  );
});

function stored(type: string, written: JsonObject): Resource {
  return {
    type,
    mesh: type === "HostnameGenerator" ? "" : "default",
    name: "a",
    labels: {},
    spec: written,
    creationTime: "2026-01-01T00:00:00Z",
    modificationTime: "2026-01-01T00:00:00Z",
    version: 1,
  };
}
