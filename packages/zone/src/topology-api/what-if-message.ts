/** What the thread of a what-if report is told. It answers the question with a WhatIfReport. */
import type { Resource } from "@isthmus/resources";
import type { Losses, SnapshotSettings } from "@isthmus/topology";

export type WhatIfMessage =
  | { readonly kind: "resources"; readonly resources: readonly Resource[] }
  | { readonly kind: "question"; readonly settings: SnapshotSettings; readonly losses: Losses };
