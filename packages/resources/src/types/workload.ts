/** Proxies of one workload of a zone. Source: kuma v2.14.3: pkg/core/resources/apis/workload/api/v1alpha1. */
import { defineType, flow, json } from "../define-type.ts";
import { alwaysEmitted, object, required } from "../schemas/shape.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { validateWorkload } from "../validate/workload.ts";

const count = required({ kind: "integer", format: "int32" });

export const descriptor: TypeDescriptor = defineType({
  name: "Workload",
  scope: "Mesh",
  format: json(object({})),
  kds: flow("zoneToGlobal"),
  path: "workloads",
  singular: "workload",
  shortName: "wl",
  statusSchema: object({ dataplaneProxies: alwaysEmitted(object({ connected: count, healthy: count, total: count })) }),
  emptyStatus: { dataplaneProxies: { connected: 0, healthy: 0, total: 0 } },
  validate: validateWorkload,
});
