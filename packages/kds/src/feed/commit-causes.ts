/** Why rows vanish in a commit: because their zone or mesh did. Told to peers as intents, which release the brake. */
import type { Resource } from "@isthmus/resources";
import { homeZone } from "@isthmus/resources";
import type { CommitEvent } from "@isthmus/store";

const MESH_TYPE = "Mesh";
export const ZONE_TYPE = "Zone";

export class CommitCauses {
  readonly #zones: Set<string>;
  readonly #meshes = new Set<string>();

  constructor(event: CommitEvent, toggledZones: ReadonlySet<string>) {
    this.#zones = new Set(toggledZones);
    for (const { key, after } of event.changes) {
      if (after !== undefined) continue;
      if (key.type === ZONE_TYPE) this.#zones.add(key.name);
      else if (key.type === MESH_TYPE) this.#meshes.add(key.name);
    }
  }

  ofZone(zone: string): string | undefined {
    return this.#zones.has(zone) ? `zone/${zone}` : undefined;
  }

  /** The cause of a deletion, if it is one of these. */
  of(before: Resource | undefined, after: Resource | undefined): string | undefined {
    if (before === undefined || after !== undefined) return undefined;
    const home = homeZone(before);
    if (home !== undefined && this.#zones.has(home)) return `zone/${home}`;
    const mesh = before.type === MESH_TYPE ? before.name : before.mesh;
    return this.#meshes.has(mesh) ? `mesh/${mesh}` : undefined;
  }
}
