/** A Zone whose control plane is connected is not deleted. Source: kuma v2.14.3: pkg/core/managers/apis/zone. */
import type { WriteRule } from "../write-rule.ts";

const STILL_CONNECTED = "unable to delete Zone, Zone CP is still connected, please shut it down first";

export const zoneRule: WriteRule = {
  checkDelete(key, context) {
    if (context.unsafeDelete === true || !context.isZoneOnline(key.name)) return undefined;
    return { kind: "invalid", step: "delete", violations: [{ field: "zone", reason: STILL_CONNECTED }] };
  },
};
