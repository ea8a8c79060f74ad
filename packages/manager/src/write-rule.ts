/**
 * What a type demands of a write beyond the rules that all types share. One object per type that has such rules; the
 * manager asks them in the order of the members below. They read the store but write nothing themselves: what has to be
 * written along comes back as further operations of the same commit.
 */
import type { Resource, ResourceKey } from "@isthmus/resources";
import type { Op, ResourceDraft } from "@isthmus/store";
import type { ControlPlane } from "./control-plane.ts";
import type { KeyMaker } from "./keys/key-maker.ts";
import type { WriteError } from "./write-error.ts";

export interface WriteContext extends ControlPlane {
  readonly keys: KeyMaker;
  isZoneOnline(zone: string): boolean;
}

export interface Write {
  /** Labels computed, defaults of the type filled in. */
  readonly draft: ResourceDraft;
  /** Undefined: the write creates it. */
  readonly stored: Resource | undefined;
}

export interface WriteRule {
  /** Completes the spec. */
  prepare?(write: Write, context: WriteContext): ResourceDraft;
  checkPut?(write: Write, context: WriteContext): WriteError | undefined;
  /** Whether a new resource belongs to its mesh and goes with it. Left out: it does, if the type is mesh-scoped. */
  readonly isOwnedByMesh?: false;
  /** Written in the same commit, after the resource itself. */
  companions?(write: Write, context: WriteContext): Promise<readonly Op[]>;
  checkDelete?(key: ResourceKey, context: WriteContext): WriteError | undefined;
}
