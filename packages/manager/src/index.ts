export { type ControlPlane, isReadOnlyOn } from "./control-plane.ts";
export { CLUSTER_ID, type DefaultsOptions, type DefaultsResult } from "./defaults/ensure-defaults.ts";
export { type CaPair, type CaRequest, type KeyMaker, nodeKeyMaker } from "./keys/key-maker.ts";
export { ResourceManager, type ResourceManagerOptions, type Written } from "./resource-manager.ts";
export type { WriteError, WriteStep } from "./write-error.ts";
