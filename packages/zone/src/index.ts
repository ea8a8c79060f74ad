export type { AskEnvoy } from "./inspect/envoy-admin-client.ts";
export { composeZone, createZone, runZone } from "./zone.ts";
