/** Who made a part, by the names that MeshProxyPatches find it by. Source: kuma v2.14.3: pkg/xds/generator/metadata. */
import { assertNever } from "@isthmus/std";
import type { Role } from "./role.ts";

export function originOf(role: Role): string {
  switch (role.kind) {
    case "inbound":
      return "inbound";
    case "outbound":
    case "legacyOutbound":
      return "outbound";
    case "zoneIngress":
      return "ingress";
    case "zoneEgress":
      return "egress";
    case "passthrough":
      return "transparent";
    case "system":
      return role.origin;
    default:
      return assertNever(role);
  }
}
