import { definePolicy } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";

export const descriptor: TypeDescriptor = definePolicy({
  name: "MeshAccessLog",
  shortName: "mal",
  to: true,
  from: "asRules",
  rules: true,
  emptyStatus: {},
});
