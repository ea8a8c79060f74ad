export { ApiClient, type ApiClientOptions, type ListQuery, type WriteResult } from "./client.ts";
export { ApiError, type ErrorBody, errorBodySchema, type InvalidParameter } from "./error.ts";
export {
  type Index,
  indexSchema,
  type PolicyType,
  policyTypeSchema,
  policyTypesSchema,
  type ResourceList,
  type ResourceType,
  type RestResource,
  resourceListSchema,
  resourceTypeSchema,
  resourceTypesSchema,
  restResourceSchema,
  type WriteAnswer,
  writeAnswerSchema,
} from "./resource.ts";
export {
  type Hold,
  holdSchema,
  holdsSchema,
  type SyncRejection,
  type SyncRow,
  type SyncState,
  type SyncStatus,
  type SyncZone,
  syncRejectionSchema,
  syncRowSchema,
  syncStateSchema,
  syncStatusSchema,
  syncZoneSchema,
} from "./sync.ts";
