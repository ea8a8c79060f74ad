/** One statement of a status about its resource. Source: kuma v2.14.3: api/common/v1alpha1/status.go. */
import { arrayOf, object, oneOf, required } from "./shape.ts";

const condition = object({
  type: required({
    kind: "string",
    maxLength: 316,
    pattern:
      "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$",
  }),
  status: required(oneOf(["True", "False", "Unknown"])),
  reason: required({
    kind: "string",
    minLength: 1,
    maxLength: 1024,
    pattern: "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
  }),
  message: required({ kind: "string", maxLength: 32_768 }),
});

export const conditions = arrayOf(condition);
