/**
 * Policies by chance, put to a zone of ours and to a real Kuma 2.14.3: both say the same of every proxy. Runs where KUMA_BIN
 * names a folder with a kuma-cp; skipped by name elsewhere.
 */
import { join } from "node:path";
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import { eventually, freePorts, type TempFolder, tempFolder } from "@isthmus/testkit";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ControlPlane } from "./harness/control-plane.ts";
import { KUMA_BIN, KumaControlPlane } from "./harness/kuma.ts";

/** Meshes that are compared, and from where chance starts. */
const MESHES = Number(process.env["INSPECT_MESHES"] ?? 8);
const SEED = Number(process.env["INSPECT_SEED"] ?? 20_140_003);
/** Kuma answers from a cache of one second, and generates services every two. */
const KUMA_PACE = { timeoutMs: 30_000, intervalMs: 250 };

interface Chosen {
  readonly type: string;
  readonly labels: JsonObject;
  readonly spec: JsonObject;
}

const seconds = fc.integer({ min: 1, max: 9 }).map((n) => `${n}s`);
const timeout = fc.record({ connectionTimeout: seconds, idleTimeout: seconds }, { requiredKeys: ["idleTimeout"] });
const retry = fc.record({ tcp: fc.record({ maxConnectAttempt: fc.integer({ min: 1, max: 9 }) }) });
const breaker = fc.record({ connectionLimits: fc.record({ maxConnections: fc.integer({ min: 1, max: 9 }) }) });
const action = fc.record({ action: fc.constantFrom("Allow", "Deny", "AllowWithShadowDeny") });
const faults = seconds.map((value): JsonObject => ({ http: [{ delay: { value, percentage: 10 } }] }));

const sidecars = fc.constantFrom<JsonObject>(
  { kind: "Mesh" },
  { kind: "Mesh", proxyTypes: ["Sidecar"] },
  { kind: "Dataplane", labels: { app: "web" } },
  { kind: "Dataplane", labels: { app: "web" }, sectionName: "http" },
  { kind: "Dataplane", name: "web-1" },
  { kind: "Dataplane", name: "web-1", sectionName: "8081" },
  { kind: "MeshSubset", tags: { version: "v1" } },
  { kind: "MeshSubset", tags: { version: "*" } },
);
const destination = fc.constantFrom<JsonObject>(
  { kind: "Mesh" },
  { kind: "MeshService", name: "backend" },
  { kind: "MeshService", name: "backend", sectionName: "http" },
  { kind: "MeshService", labels: { team: "x" } },
  { kind: "MeshService", labels: { team: "x" }, sectionName: "9000" },
  { kind: "MeshService", labels: { "kuma.io/display-name": "api" } },
  { kind: "MeshMultiZoneService", name: "all" },
  { kind: "MeshMultiZoneService", name: "all", sectionName: "http" },
  { kind: "MeshExternalService", name: "outside" },
);
const routed = fc.oneof(destination, fc.constant<JsonObject>({ kind: "MeshHTTPRoute", name: "route" }));
const SECOND_TAG = "cluster";
const client = fc.constantFrom<JsonObject>(
  { kind: "Mesh" },
  { kind: "MeshService", name: "api" },
  { kind: "MeshSubset", tags: { team: "a" } },
  { kind: "MeshSubset", tags: { team: "b", [SECOND_TAG]: "z" } },
  { kind: "MeshServiceSubset", name: "api", tags: { version: "v1" } },
);
const match = fc.constantFrom<JsonObject>(
  { spiffeID: { type: "Exact", value: "spiffe://td/a" } },
  { spiffeID: { type: "Prefix", value: "spiffe://td/ns" } },
  { sni: { type: "Exact", value: "a.mesh" } },
);

const items = (target: fc.Arbitrary<JsonObject>, conf: fc.Arbitrary<JsonObject>) =>
  fc.array(fc.record({ targetRef: target, default: conf }), { minLength: 1, maxLength: 3 });
const rules = (conf: fc.Arbitrary<JsonObject>) =>
  fc.array(fc.record({ matches: fc.array(match, { maxLength: 2 }), default: conf }), { minLength: 1, maxLength: 3 });
const path = fc.constantFrom("/a", "/a/b", "/c").map((value): JsonObject => ({ path: { type: "PathPrefix", value } }));
const routeRule = fc.record({
  matches: fc.array(path, { minLength: 1, maxLength: 2 }),
  default: fc.record({
    backendRefs: fc.constantFrom<JsonValue[]>(
      [{ kind: "MeshService", name: "api", port: 80, weight: 1 }],
      [{ kind: "MeshMultiZoneService", name: "all", port: 80, weight: 3 }],
    ),
  }),
});
const routeItems = fc.array(
  fc.record({
    targetRef: fc.constantFrom<JsonObject>(
      { kind: "MeshService", name: "backend" },
      { kind: "MeshMultiZoneService", name: "all" },
    ),
    rules: fc.array(routeRule, { minLength: 1, maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 2 },
);

const labels = fc.record(
  {
    "kuma.io/policy-role": fc.constantFrom("system", "producer"),
    "kuma.io/effect": fc.constantFrom("", "", "", "", "", "", "", "shadow"),
  },
  { requiredKeys: [] },
);
const of = (type: string, spec: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Chosen> =>
  fc.record({ labels, spec: fc.record({ targetRef: sidecars, ...spec }) }).map((each) => ({ type, ...each }));

const chosen = fc.oneof(
  of("MeshTimeout", { to: items(routed, timeout) }),
  of("MeshTimeout", { from: items(fc.constant({ kind: "Mesh" }), timeout) }),
  of("MeshTimeout", { rules: rules(timeout) }),
  of("MeshRetry", { to: items(routed, retry) }),
  of("MeshCircuitBreaker", { to: items(destination, breaker) }),
  of("MeshTrafficPermission", { from: items(client, action) }),
  of("MeshTrafficPermission", {
    rules: fc.array(fc.record({ default: fc.record({ allow: fc.array(match, { minLength: 1, maxLength: 2 }) }) }), {
      minLength: 1,
      maxLength: 2,
    }),
  }),
  of("MeshFaultInjection", { from: items(client, faults) }),
  of("MeshFaultInjection", { rules: rules(faults) }),
  of("MeshHTTPRoute", { to: routeItems }),
  of("MeshMetric", { default: fc.record({ sidecar: fc.record({ includeUnused: fc.boolean() }) }) }),
  of("MeshProxyPatch", {
    default: fc.constantFrom<JsonObject>(
      {
        appendModifications: [
          { cluster: { operation: "Patch", match: { origin: "inbound" }, value: "connectTimeout: 5s" } },
        ],
      },
      { appendModifications: [{ listener: { operation: "Remove" } }] },
    ),
  }),
);

const inbound = (port: number, more: JsonObject, tags: JsonObject): JsonObject => ({
  port,
  ...more,
  tags: { "kuma.io/protocol": "http", ...tags },
});
/** What policies are about: a sidecar, a delegated gateway, services, a route. */
const subjects = (isExclusive: boolean): readonly JsonObject[] => {
  const service = (name: string, own: JsonObject = {}): JsonObject => ({
    type: "MeshService",
    name,
    labels: own,
    spec: {
      selector: { dataplaneTags: { "kuma.io/service": name } },
      ports: [
        { name: "http", port: 80, targetPort: 8080, appProtocol: "http" },
        { port: 9000, targetPort: 9000, appProtocol: "tcp" },
      ],
    },
  });
  return [
    {
      type: "Mesh",
      skipCreatingInitialPolicies: ["*"],
      ...(isExclusive ? { meshServices: { mode: "Exclusive" } } : {}),
    },
    {
      type: "Dataplane",
      name: "web-1",
      labels: { app: "web" },
      networking: {
        address: "10.0.0.1",
        inbound: [
          inbound(8080, { name: "http" }, { "kuma.io/service": "web", version: "v1" }),
          inbound(8081, {}, { "kuma.io/service": "web-admin", version: "v2" }),
        ],
        outbound: [{ port: 1000, tags: { "kuma.io/service": "backend" } }],
      },
    },
    {
      type: "Dataplane",
      name: "gw-1",
      labels: { app: "web" },
      networking: {
        address: "10.0.0.2",
        gateway: { type: "DELEGATED", tags: { "kuma.io/service": "gw", version: "v1" } },
      },
    },
    service("backend"),
    service("api", { team: "x" }),
    service("other", { team: "x" }),
    {
      type: "MeshMultiZoneService",
      name: "all",
      spec: {
        selector: { meshService: { matchLabels: { team: "x" } } },
        ports: [{ port: 80, name: "http", appProtocol: "http" }],
      },
    },
    {
      type: "MeshExternalService",
      name: "outside",
      spec: {
        match: { type: "HostnameGenerator", port: 443, protocol: "tcp" },
        endpoints: [{ address: "a.example.com", port: 443 }],
      },
    },
    {
      type: "MeshHTTPRoute",
      name: "route",
      spec: {
        targetRef: { kind: "Mesh" },
        to: [
          {
            targetRef: { kind: "MeshService", name: "backend" },
            rules: [
              {
                matches: [{ path: { type: "Exact", value: "/x" } }],
                default: { backendRefs: [{ kind: "MeshService", name: "api", port: 80, weight: 1 }] },
              },
            ],
          },
        ],
      },
    },
  ];
};

const LAYOUT = "dataplanes/web-1/_layout";
const EAST = "kri_msvc_$MESH_east__";
const QUESTIONS = [
  "dataplanes/web-1/_rules",
  "dataplanes/gw-1/_rules",
  "dataplanes/web-1/policies",
  "dataplanes/web-1/rules",
  "dataplanes/web-1/_policies",
  LAYOUT,
  "dataplanes/web-1/_inbounds/kri_dp_$MESH_east__web-1_http/_policies",
  "dataplanes/web-1/_inbounds/kri_dp_$MESH_east__web-1_8081/_policies",
  ...[
    `${EAST}backend_http`,
    `${EAST}backend_9000`,
    `${EAST}api_http`,
    `${EAST}api_9000`,
    "kri_mzsvc_$MESH___all_http",
    "kri_extsvc_$MESH___outside_443",
  ].flatMap((kri) => [
    `dataplanes/web-1/_outbounds/${kri}/_policies`,
    `dataplanes/web-1/_outbounds/${kri}/_routes`,
    `dataplanes/web-1/_outbounds/${kri}/_routes/kri_mhttpr_$MESH_east__route_/_policies`,
  ]),
];

describe.skipIf(KUMA_BIN === undefined)("policies by chance (needs KUMA_BIN)", () => {
  let folder: TempFolder;
  let kuma: KumaControlPlane;
  let ours: ControlPlane;

  beforeAll(async () => {
    folder = await tempFolder("isthmus-inspect-");
    const [restPort = 0, diagnosticsPort = 0] = await freePorts(2);
    const settings = { "multizone.zone.name": "east", "store.type": "memory" };
    ours = new ControlPlane({
      role: "zone",
      name: "east",
      folder: join(folder.path, "ours"),
      settings,
      restPort,
      diagnosticsPort,
    });
    kuma = await KumaControlPlane.create({ folder: join(folder.path, "kuma"), zone: { name: "east" } });
    await Promise.all([ours.start(), kuma.start()]);
  }, 120_000);
  afterAll(async () => {
    await ours.kill();
    await kuma.stop();
    await folder.remove();
  });

  const samples = fc.sample(fc.array(chosen, { minLength: 3, maxLength: 10 }), { numRuns: MESHES, seed: SEED });
  it.each(samples.map((policies, index) => ({ mesh: `m-${index}`, policies, isExclusive: index % 4 !== 3 })))(
    "$mesh",
    { timeout: 180_000 },
    async ({ mesh, policies, isExclusive }) => {
      const documents = [
        ...subjects(isExclusive),
        ...policies.map(({ type, labels: own, spec }, index) => ({ type, name: `p-${index}`, labels: own, spec })),
      ];
      for (const document of documents) {
        const [theirs, own] = await Promise.all([put(kuma.restUrl, mesh, document), put(ours.restUrl, mesh, document)]);
        expect(own, JSON.stringify(document)).toEqual(theirs);
      }
      // Not as long as the services that both generate are missing.
      await eventually(
        async () => !isExclusive || JSON.stringify(await ask(kuma.restUrl, mesh, LAYOUT)).includes("_web_"),
        KUMA_PACE,
      );
      // With targets of several tags the order of rules is deliberately another: Kuma's may lose a Deny.
      const free = policies.some(({ spec }) => JSON.stringify(spec["from"] ?? "").includes(SECOND_TAG))
        ? ["rules"]
        : [];
      for (const question of QUESTIONS) {
        const answers = async () => Promise.all([kuma, ours].map(({ restUrl }) => ask(restUrl, mesh, question, free)));
        await eventually(
          async () => {
            const [theirs, own] = await answers();
            return JSON.stringify(theirs) === JSON.stringify(own);
          },
          { ...KUMA_PACE, timeoutMs: 4_000 },
        ).catch(() => undefined);
        const [theirs, own] = await answers();
        expect(own, `${question} with ${JSON.stringify(policies)}`).toEqual(theirs);
      }
    },
  );
});

async function put(url: string, mesh: string, document: JsonObject): Promise<number> {
  const isMesh = document["type"] === "Mesh";
  const body = isMesh ? { ...document, name: mesh } : { ...document, mesh };
  const type = (document["type"] as string).toLowerCase();
  const answer = await fetch(
    `${url}/meshes/${mesh}${isMesh ? "" : `/${pluralOf(type)}/${document["name"] as string}`}`,
    {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    },
  );
  return answer.status;
}

const pluralOf = (type: string): string =>
  type.endsWith("y") ? `${type.slice(0, -1)}ies` : type.endsWith("ch") ? `${type}es` : `${type}s`;

interface Answer {
  readonly status: number;
  readonly json: JsonValue;
}

async function ask(url: string, mesh: string, question: string, free: readonly string[] = []): Promise<Answer> {
  const answer = await fetch(`${url}/meshes/${mesh}/${question.replaceAll("$MESH", mesh)}`);
  return { status: answer.status, json: ordered(JSON.parse(await answer.text()) as JsonValue, free) };
}

/** Members by name; times, and the label that only ours has, apart; lists whose order Kuma leaves to chance sorted. */
function ordered(value: JsonValue, free: readonly string[], name = ""): JsonValue {
  if (Array.isArray(value)) {
    const list = value.map((each) => ordered(each as JsonValue, free));
    return FREE_LISTS.includes(name) || free.includes(name)
      ? list.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      : list;
  }
  if (!isJsonObject(value)) return value;
  const members = Object.keys(value)
    .filter((member) => !APART.includes(member))
    .sort();
  return Object.fromEntries(members.map((member) => [member, ordered(value[member] ?? null, free, member)]));
}

const APART = ["creationTime", "modificationTime", "isthmus.io/healthy-instances"];
/** `items`: of `rules`. */
const FREE_LISTS = ["toResourceRules", "items"];
