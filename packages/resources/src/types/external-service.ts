import { defineLegacyPolicy } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";

export const descriptor: TypeDescriptor = defineLegacyPolicy({
  name: "ExternalService",
  path: "external-services",
  singular: "external-service",
  isPolicy: false,
});
