/** Where a certificate or key comes from. Source: kuma v2.14.3: api/common/v1alpha1/datasource/datasource.go. */
import { object, oneOf, optional, required, text } from "./shape.ts";

export const secureDataSource = object({
  type: required(oneOf(["File", "Secret", "EnvVar", "InsecureInline"])),
  file: optional(object({ path: required(text) })),
  envVar: optional(object({ name: required(text) })),
  insecureInline: optional(object({ value: required(text) })),
  secretRef: optional(object({ kind: required(oneOf(["Secret"])), name: required(text) })),
});
