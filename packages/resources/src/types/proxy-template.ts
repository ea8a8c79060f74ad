import { defineLegacyPolicy } from "../define-type.ts";
import type { TypeDescriptor } from "../type-descriptor.ts";
import { validateProxyTemplate } from "../validate/proxy-template.ts";

export const descriptor: TypeDescriptor = defineLegacyPolicy({
  name: "ProxyTemplate",
  path: "proxytemplates",
  singular: "proxytemplate",
  validate: validateProxyTemplate,
});
