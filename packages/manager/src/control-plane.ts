/** What a control plane is, as far as writes depend on it, and which types can be written on it. */
import {
  isReadOnly,
  type LabelOptions,
  type Registry,
  type TypeDescriptor,
  type WriterContext,
} from "@isthmus/resources";
import type { Store } from "@isthmus/store";

export interface ControlPlane {
  readonly registry: Registry;
  readonly store: Store;
  readonly mode: "global" | "zone";
  /** Name of the zone; only on a zone. */
  readonly zoneName?: string;
  /** A zone with a global above it. */
  readonly isFederated: boolean;
  /** Every type becomes read-only (`apiServer.readOnly`). */
  readonly isReadOnly?: boolean;
  /** Lets a Mesh with Dataplanes, a connected Zone or a Secret in use be deleted (`store.unsafeDelete`). */
  readonly unsafeDelete?: boolean;
  /** `multizone.zone.disableOriginLabelValidation`. */
  readonly disableOriginLabelValidation?: boolean;
}

export function isReadOnlyOn(descriptor: TypeDescriptor, controlPlane: ControlPlane): boolean {
  return controlPlane.isReadOnly === true || isReadOnly(descriptor, controlPlane);
}

export function labelOptions({ mode, zoneName = "" }: ControlPlane): LabelOptions {
  return { mode, zone: zoneName };
}

export function writerContext(controlPlane: ControlPlane): WriterContext {
  const { mode, isFederated, zoneName = "", disableOriginLabelValidation = false } = controlPlane;
  return { mode, isFederated, zone: zoneName, isOriginCheckDisabled: disableOriginLabelValidation };
}
