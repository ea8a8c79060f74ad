/** Who may write what where. Source: kuma v2.14.3: pkg/core/resources/model/resource.go `IsReadOnly`. */
import type { TypeDescriptor } from "./type-descriptor.ts";

/** A zone without a global above it may write everything but what the control plane itself keeps. */
export function isReadOnly(
  descriptor: TypeDescriptor,
  writer: { readonly mode: "global" | "zone"; readonly isFederated: boolean },
): boolean {
  return (
    descriptor.isReadOnly ||
    (writer.mode === "global" && !descriptor.kds.providedByGlobal) ||
    (writer.mode === "zone" && writer.isFederated && !descriptor.kds.providedByZone)
  );
}
