import { definePolicy } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";

export const descriptor: TypeDescriptor = definePolicy({
  name: "MeshTCPRoute",
  shortName: "mtcpr",
  to: true,
});
