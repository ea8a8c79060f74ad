/** Where the REST API gets the topology of this zone from: as much of a LiveTopology as it needs. */
import type { Topology } from "@isthmus/api";
import type { Resource } from "@isthmus/resources";
import type { SnapshotSettings, World } from "@isthmus/topology";

/** What a world is made of, as plain data that another thread can be sent. */
export interface WorldContents {
  readonly resources: readonly Resource[];
  readonly settings: SnapshotSettings;
}

export interface TopologySource {
  /** As it is now; good for as long as nothing is awaited. */
  world(): World;
  contents(): WorldContents;
  dump(): Topology["collections"];
  problems(): Topology["problems"];
}
