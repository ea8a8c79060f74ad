import { definePolicy } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";

export const descriptor: TypeDescriptor = definePolicy({
  name: "MeshTimeout",
  shortName: "mt",
  to: true,
  from: "asRules",
  rules: true,
});
