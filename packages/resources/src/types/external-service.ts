import { defineLegacyPolicy } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { validateExternalService } from "../validate/external-service.ts";

export const descriptor: TypeDescriptor = defineLegacyPolicy({
  name: "ExternalService",
  path: "external-services",
  singular: "external-service",
  isPolicy: false,
  validate: validateExternalService,
});
