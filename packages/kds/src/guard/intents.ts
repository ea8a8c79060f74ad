/** Reasons that Isthmus sources give for removals: `zone/<name>` or `mesh/<name>` was deleted or switched off. */
import type { ResourceKey } from "@isthmus/resources";
import { MESH_TYPE } from "./mesh-weight.ts";

export function coversIntent(intents: readonly string[], key: ResourceKey, origin: string): boolean {
  if (intents.length === 0) return false;
  const mesh = key.type === MESH_TYPE ? key.name : key.mesh;
  return intents.includes(`zone/${origin}`) || (mesh !== "" && intents.includes(`mesh/${mesh}`));
}
