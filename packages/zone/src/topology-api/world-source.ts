/** Where the REST API gets the topology of this zone from. */
import type { Resource } from "@isthmus/resources";
import type { SnapshotSettings, World } from "@isthmus/topology";

/** What a world is made of, as plain data that another thread can be sent. */
export interface WorldContents {
  readonly resources: readonly Resource[];
  readonly settings: SnapshotSettings;
}

export interface WorldSource {
  /** As it is now; good for as long as nothing is awaited. */
  world(): World;
  contents(): WorldContents;
}
