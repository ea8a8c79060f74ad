export { type ControlPlane, isReadOnlyOn } from "./control-plane.ts";
export { CLUSTER_ID, type DefaultsOptions, type DefaultsResult } from "./defaults/ensure-defaults.ts";
export { MeshIdentities, type MeshIdentitiesOptions, type MeshIdentityEvent } from "./identity/mesh-identities.ts";
export { TrustExchange, type TrustExchangeOptions } from "./identity/trust-exchange.ts";
export { dataSourceLoader } from "./keys/data-source.ts";
export { type CaPair, type CaRequest, type KeyMaker, nodeKeyMaker } from "./keys/key-maker.ts";
export { ENVOY_ADMIN_CA } from "./keys/secrets.ts";
export { ResourceManager, type ResourceManagerOptions, type Written } from "./resource-manager.ts";
export type { WriteError, WriteStep } from "./write-error.ts";
