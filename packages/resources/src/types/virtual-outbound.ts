import { defineLegacyPolicy } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { validateVirtualOutbound } from "../validate/virtual-outbound.ts";

export const descriptor: TypeDescriptor = defineLegacyPolicy({
  name: "VirtualOutbound",
  path: "virtual-outbounds",
  singular: "virtual-outbound",
  validate: validateVirtualOutbound,
});
