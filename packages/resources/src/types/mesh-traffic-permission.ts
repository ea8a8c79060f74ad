import { definePolicy } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";

export const descriptor: TypeDescriptor = definePolicy({
  name: "MeshTrafficPermission",
  shortName: "mtp",
  from: "asSubsets",
  rules: true,
});
