/** Errors, delays and slow answers on purpose. Source: kuma v2.14.3: pkg/plugins/policies/meshfaultinjection/api/v1alpha1. */
import { definePolicy } from "../define-type.ts";
import { matchedRules, policySpec, targetItems } from "../schemas/policy-spec.ts";
import {
  arrayOf,
  duration,
  int32,
  intOrString,
  object,
  optional,
  required,
  requiredObject,
  text,
} from "../schemas/shape.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { meshFaultInjectionDeprecations, validateMeshFaultInjection } from "../validate/mesh-fault-injection.ts";

/** null is 0. */
const percentage = { ...required(intOrString), decodesNull: true };

const fault = object({
  abort: optional(object({ httpStatus: required(int32), percentage })),
  delay: optional(object({ value: required(duration), percentage })),
  responseBandwidth: optional(object({ limit: required(text), percentage })),
});

const conf = object({ http: optional(arrayOf(fault)) });

export const descriptor: TypeDescriptor = definePolicy({
  name: "MeshFaultInjection",
  shortName: "mfi",
  to: true,
  from: "asSubsets",
  rules: true,
  spec: policySpec({ from: targetItems(conf), to: targetItems(conf), rules: matchedRules(requiredObject(conf)) }),
  validate: validateMeshFaultInjection,
  deprecations: meshFaultInjectionDeprecations,
});
