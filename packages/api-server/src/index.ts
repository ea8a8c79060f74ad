export { type AccessRules, type AllowList, DEFAULT_ACCESS } from "./access/access-rules.ts";
export type { Authentication, Refusal } from "./access/authentication.ts";
export { isFromThisMachine } from "./access/local-request.ts";
export type { ApiContext } from "./api-context.ts";
export { Gui, GuiError, type GuiOptions } from "./gui/gui.ts";
export { ApiServer, type ApiServerOptions, PortError } from "./server.ts";
export type { SyncApi } from "./sync-api.ts";
export type { TokenApi } from "./token-api.ts";
export type { ExplainQuestion, TopologyApi, WhatIfFailure } from "./topology-api.ts";
