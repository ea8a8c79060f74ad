import { defineLegacyPolicy } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";

export const descriptor: TypeDescriptor = defineLegacyPolicy({
  name: "Timeout",
  path: "timeouts",
  singular: "timeout",
});
