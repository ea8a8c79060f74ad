export type { ApiContext } from "./api-context.ts";
export { Gui, GuiError, type GuiOptions } from "./gui/gui.ts";
export { ApiServer, type ApiServerOptions, PortError } from "./server.ts";
export type { SyncApi } from "./sync-api.ts";
export type { ExplainQuestion, TopologyApi, WhatIfFailure } from "./topology-api.ts";
