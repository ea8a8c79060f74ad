/** Which clients and server names an inbound rule is for. Source: kuma v2.14.3: api/common/v1alpha1/match.go. */
import { object, oneOf, optional, required, text } from "./shape.ts";

export const match = object({
  spiffeID: optional(object({ type: required(oneOf(["Exact", "Prefix"])), value: required(text) })),
  sni: optional(object({ type: required(oneOf(["Exact"])), value: required(text) })),
});
