/** A zone's own ingress and egress say which zone they are of, whatever the user wrote. */
import type { WriteRule } from "../write-rule.ts";

export const zoneProxyRule: WriteRule = {
  prepare({ draft }, context) {
    if (context.mode !== "zone" || context.zoneName === undefined) return draft;
    const { zone: _, ...rest } = draft.spec;
    return { ...draft, spec: { zone: context.zoneName, ...rest } };
  },
};
