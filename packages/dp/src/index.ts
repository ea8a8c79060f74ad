export { findEnvoy } from "./envoy-binary.ts";
export { type RunOptions, runProxy } from "./run-proxy.ts";
export { DP_OPTIONS, type DpOption, type DpOptionKey, variablesOf } from "./settings/options.ts";
