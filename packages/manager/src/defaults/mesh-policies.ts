/** Policies that a new mesh starts with. Source: kuma v2.14.3: pkg/defaults/mesh. */
import { computeLabels } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import type { Op, ResourceDraft } from "@isthmus/store";
import { labelOptions } from "../control-plane.ts";
import { arrayAt } from "../json-path.ts";
import type { WriteContext } from "../write-rule.ts";

interface DefaultPolicy {
  readonly prefix: string;
  readonly type: string;
  readonly spec: JsonObject;
}

const MESH = { kind: "Mesh" };
const BACK_OFF = { baseInterval: "25ms", maxInterval: "250ms" };
const RETRY = { numRetries: 5, perTryTimeout: "16s", backOff: BACK_OFF };

const POLICIES: readonly DefaultPolicy[] = [
  {
    prefix: "mesh-gateways-timeout-all",
    type: "MeshTimeout",
    spec: {
      targetRef: { kind: "Mesh", proxyTypes: ["Gateway"] },
      to: [{ targetRef: MESH, default: { idleTimeout: "1h0m0s", http: { streamIdleTimeout: "5s" } } }],
      from: [
        {
          targetRef: MESH,
          default: { idleTimeout: "5m0s", http: { streamIdleTimeout: "5s", requestHeadersTimeout: "500ms" } },
        },
      ],
    },
  },
  {
    prefix: "mesh-timeout-all",
    type: "MeshTimeout",
    spec: {
      targetRef: { kind: "Mesh", proxyTypes: ["Sidecar"] },
      to: [
        {
          targetRef: MESH,
          default: {
            connectionTimeout: "5s",
            idleTimeout: "1h0m0s",
            http: { requestTimeout: "15s", streamIdleTimeout: "30m0s" },
          },
        },
      ],
      from: [
        {
          targetRef: MESH,
          default: {
            connectionTimeout: "10s",
            idleTimeout: "2h0m0s",
            http: { requestTimeout: "0s", streamIdleTimeout: "1h0m0s", maxStreamDuration: "0s" },
          },
        },
      ],
    },
  },
  {
    prefix: "mesh-circuit-breaker-all",
    type: "MeshCircuitBreaker",
    spec: {
      targetRef: MESH,
      to: [
        {
          targetRef: MESH,
          default: {
            connectionLimits: { maxConnections: 1024, maxPendingRequests: 1024, maxRetries: 3, maxRequests: 1024 },
          },
        },
      ],
    },
  },
  {
    prefix: "mesh-retry-all",
    type: "MeshRetry",
    spec: {
      targetRef: MESH,
      to: [{ targetRef: MESH, default: { tcp: { maxConnectAttempt: 5 }, http: RETRY, grpc: RETRY } }],
    },
  },
];

/** All that the Mesh does not ask to skip and that are not there. */
export function meshPolicies(mesh: ResourceDraft, context: WriteContext): readonly Op[] {
  const skipped = new Set(arrayAt(mesh.spec, "skipCreatingInitialPolicies"));
  if (skipped.has("*")) return [];
  return POLICIES.filter(({ type }) => !skipped.has(type))
    .map((policy) => policyDraft(policy, mesh.name, context))
    .filter((draft) => context.store.get(draft) === undefined)
    .map((resource) => ({ kind: "put", resource }));
}

/**
 * Versions of Kuma before 2.14 kept these policies without computed labels; a start adds them and leaves the rest alone.
 * Policies that an operator deleted stay deleted.
 */
export function policyLabelRepairs(mesh: string, context: WriteContext): readonly Op[] {
  const ops: Op[] = [];
  for (const policy of POLICIES) {
    const draft = policyDraft(policy, mesh, context);
    const stored = context.store.get(draft);
    if (stored === undefined) continue;
    const labels = { ...draft.labels, ...stored.labels };
    if (Object.keys(labels).length === Object.keys(stored.labels).length) continue;
    ops.push({ kind: "put", resource: { ...stored, labels }, expect: stored.version });
  }
  return ops;
}

function policyDraft(policy: DefaultPolicy, mesh: string, context: WriteContext): ResourceDraft {
  const draft = { type: policy.type, mesh, name: `${policy.prefix}-${mesh}`, labels: {}, spec: policy.spec };
  const descriptor = context.registry.get(policy.type);
  const labels = descriptor === undefined ? {} : computeLabels(descriptor, draft, labelOptions(context));
  return { ...draft, labels, owner: { type: "Mesh", mesh: "", name: mesh } };
}
