/** What who writes a policy is told: warnings of what is deprecated, and all that is wrong at once. */
import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { mesh, rig } from "./testing/rig.ts";

const policy = (type: string, spec: JsonObject): JsonObject => ({ type, mesh: "default", name: "a", spec });
const whole = { kind: "Mesh" };

describe("a PUT of a policy", async () => {
  const { ask } = rig();
  await ask("PUT", "/meshes/default", mesh("default"));
  const put = async (
    path: string,
    type: string,
    spec: JsonObject,
  ): Promise<readonly [status: number, body: unknown]> => {
    const answer = await ask("PUT", `/meshes/default/${path}/a`, policy(type, spec));
    return [answer.status, JSON.parse(answer.text)];
  };

  it("answers with what is deprecated in it, each time", async () => {
    const spec = { targetRef: { kind: "MeshSubset" }, from: [{ targetRef: whole, default: { action: "Allow" } }] };
    const warnings = [
      "'from' field is deprecated and will be removed in 3.0, use 'rules' with MeshIdentity (spiffeId) instead",
      "MeshSubset value for 'targetRef.kind' is deprecated, use Dataplane with labels instead",
    ];
    expect(await put("meshtrafficpermissions", "MeshTrafficPermission", spec)).toEqual([201, { warnings }]);
    expect(await put("meshtrafficpermissions", "MeshTrafficPermission", spec)).toEqual([200, { warnings }]);
  });

  it("answers with nothing where nothing is, and fills in defaults", async () => {
    const rules = [{ default: { backendRefs: [{ kind: "MeshService", name: "b", port: 80, typo: 1 }] } }];
    const to = [{ targetRef: { kind: "MeshService", name: "a" }, rules }];
    expect(await put("meshtcproutes", "MeshTCPRoute", { to })).toEqual([201, {}]);
    const stored = JSON.parse((await ask("GET", "/meshes/default/meshtcproutes/a")).text) as { readonly spec: unknown };
    expect(stored.spec).toEqual({
      to: [
        {
          targetRef: { kind: "MeshService", name: "a" },
          rules: [{ default: { backendRefs: [{ kind: "MeshService", name: "b", weight: 1, port: 80 }] } }],
        },
      ],
    });
  });

  it("says all that breaks rules, and stores nothing", async () => {
    const broken = { to: [{ targetRef: { kind: "MeshSubset" }, default: { tcp: {}, http: { retryOn: ["never"] } } }] };
    const found = [
      ["spec.to[0].targetRef.kind", "value 'MeshSubset' is not supported"],
      ["spec.to[0].default.conf.tcp", "must not be empty"],
      ["spec.to[0].default.conf.http.retryOn[0]", "unknown item 'never'"],
    ];
    expect(await put("meshretries", "MeshRetry", broken)).toEqual([
      400,
      {
        type: "/std-errors",
        status: 400,
        title: "Could not process a resource",
        detail: "Resource is not valid",
        invalid_parameters: found.map(([field, reason]) => ({ field, reason })),
        details: "Resource is not valid",
        causes: found.map(([field, message]) => ({ field, message })),
      },
    ]);
    expect((await ask("GET", "/meshes/default/meshretries/a")).status).toBe(404);
  });

  it("says what breaks the schema before it asks for rules", async () => {
    const broken = { to: [{ default: { interval: 1 } }] };
    expect(await put("meshhealthchecks", "MeshHealthCheck", broken)).toMatchObject([
      400,
      {
        invalid_parameters: [
          { field: "spec.to[0].default.interval", reason: 'in body must be of type string: "number"' },
          { field: "spec.to[0].targetRef", reason: "in body is required" },
        ],
      },
    ]);
  });
});

describe.each([
  ["global", {}],
  ["zone of its own", { mode: "zone", zoneName: "east", isFederated: false }],
] as const)("a PUT of a legacy policy on a %s", async (_, options) => {
  const { ask } = rig(options);
  await ask("PUT", "/meshes/default", mesh("default"));
  const all = [{ match: { "kuma.io/service": "*" } }];
  const put = async (spec: JsonObject): Promise<readonly [status: number, body: unknown]> => {
    const body = { type: "TrafficRoute", mesh: "default", name: "a", ...spec };
    const answer = await ask("PUT", "/meshes/default/traffic-routes/a", body);
    return [answer.status, JSON.parse(answer.text)];
  };

  it("says all that breaks rules, and stores nothing", async () => {
    const found = [
      ["sources", "must have at least one element"],
      ["destinations[0].match", 'must consist of exactly one tag "kuma.io/service"'],
      ["destinations[0].match", 'mandatory tag "kuma.io/service" is missing'],
      ["conf.destination", "must have at least one tag"],
      ["conf.destination", 'mandatory tag "kuma.io/service" is missing'],
    ];
    expect(await put({ destinations: [{}], conf: { destination: {} } })).toEqual([
      400,
      {
        type: "/std-errors",
        status: 400,
        title: "Could not process a resource",
        detail: "Resource is not valid",
        invalid_parameters: found.map(([field, reason]) => ({ field, reason })),
        details: "Resource is not valid",
        causes: found.map(([field, message]) => ({ field, message })),
      },
    ]);
    expect((await ask("GET", "/meshes/default/traffic-routes/a")).status).toBe(404);
  });

  it("takes what keeps them", async () => {
    const conf = { destination: { "kuma.io/service": "*" } };
    expect(await put({ sources: all, destinations: all, conf })).toEqual([201, {}]);
  });
});
