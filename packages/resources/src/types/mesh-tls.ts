import { definePolicy } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";

export const descriptor: TypeDescriptor = definePolicy({
  name: "MeshTLS",
  shortName: "mtls",
  from: "asRules",
  rules: true,
});
