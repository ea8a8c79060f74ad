// Reconciliation and guards.
export { Applier, type ApplierOptions, openAppliers } from "./apply/applier.ts";
export type { BatchApplier, BatchSource, OpenApplier } from "./apply/batch-applier.ts";
export { type ApplyPlan, type PlanInput, type PlannedUpdate, planApply } from "./apply/plan-apply.ts";
export type { ReceivingSide } from "./apply/receiving-side.ts";
// Feed, mapping, sessions, ledger and wire form.
export type {
  Cursor,
  Delta,
  DeltaResult,
  EncodedResource,
  OutboxChange,
  OutboxFailure,
  OutboxOptions,
  OutboxView,
  Pending,
  PendingOptions,
} from "./feed/outbox.ts";
export { Outbox, RESOURCE_MAX_BYTES } from "./feed/outbox.ts";
export type { Hold, HoldsChanged } from "./guard/hold.ts";
export {
  HOLD_TIME_MS,
  type HoldEvent,
  HoldRegistry,
  type HoldRegistryOptions,
} from "./guard/hold-registry.ts";
export type { HoldEnd } from "./guard/plan-release.ts";
export { SYNC_SOURCE_CONFIG } from "./guard/sync-source.ts";
export { ZoneNameConflicts } from "./guard/zone-name-conflicts.ts";
export { type ReceiverRowsContext, receiverRows } from "./ledger/receiver-rows.ts";
export { type SenderRowsContext, senderRows } from "./ledger/sender-rows.ts";
export type {
  SyncRejection,
  SyncRow,
  SyncState,
  SyncStatus,
  WorstRow,
  ZoneSync,
} from "./ledger/sync-status.ts";
export { type Connection, isInSync, offlineZone, onlineZone, worstOf } from "./ledger/zone-sync.ts";
export { type Audience, isEntitled, type Recipient } from "./mapping/audience.ts";
export { audienceTowardsGlobal, audienceTowardsZones, homeOf } from "./mapping/audience-of.ts";
export {
  ALL_FEATURES,
  EXTENSION_HOLDS,
  EXTENSION_INTENT,
  type FeatureSet,
  featureSetOf,
  HEADER_FEATURE_HASH_SUFFIX,
  HEADER_FEATURE_PING_HEALTH,
  NODE_FEATURES,
} from "./mapping/features.ts";
export type { MappingRules, SenderRole } from "./mapping/mapper.ts";
export {
  type ApplyOutcome,
  keyOfWireName,
  type ReceivedBatch,
  type ReceivedResource,
  type Rejection,
  type RejectionKind,
  wireNameOf,
} from "./session/received-resource.ts";
export {
  createReceiver,
  FIRST_TYPE_WAIT_MS,
  type ReceivedResponse,
  type ReceiverContext,
  type ReceiverEffect,
  type ReceiverEvent,
  type ReceiverNote,
  type ReceiverOptions,
  type ReceiverState,
  type ReceiverTypeState,
  stepReceiver,
} from "./session/receiver.ts";
export {
  createSender,
  type EndCode,
  lowestCursor,
  type SenderContext,
  type SenderEffect,
  type SenderEvent,
  type SenderNote,
  type SenderOptions,
  type SenderRequest,
  type SenderState,
  type SenderTypeState,
  stepSender,
} from "./session/sender.ts";
export type { AdminQuestion } from "./transport/admin-message.ts";
export type { AdminFailure, AskAdmin } from "./transport/admin-requests.ts";
export { type AnswerAdmin, noSuchProxy } from "./transport/admin-responder.ts";
export type { AdmissionRequest, AdmitZone, GlobalKdsServerOptions } from "./transport/global-kds-options.ts";
export { GlobalKdsServer } from "./transport/global-kds-server.ts";
export type { KdsEvent, KdsPeer, KdsStreamKind, OnKdsEvent } from "./transport/kds-events.ts";
export type { PeerStatus } from "./transport/peer-status.ts";
export type { HoldsFeed } from "./transport/receiver-stream.ts";
export { RecyclePolicy, type RecyclePolicyOptions } from "./transport/recycle-policy.ts";
export { STUCK_AFTER_MS, type StuckPolicy } from "./transport/sender-stream.ts";
export type { ZoneAuthentication, ZoneCredentials, ZoneVerdict } from "./transport/zone-gate.ts";
export { KDS_BACKOFF, ZoneKdsClient } from "./transport/zone-kds-client.ts";
export type { ZoneKdsClientOptions, ZoneProof } from "./transport/zone-kds-options.ts";
export type { NameConflictRule } from "./transport/zone-links.ts";
export { type BuildVersion, type NodeIdentity, nodeMetadata, type PeerInfo, readPeerInfo } from "./wire/node.ts";
export { encodeAck, encodeNack, encodeSubscribe, type ReceivedRequest, readRequest } from "./wire/request.ts";
export { encodeResponse, type ResponseReader, readResponse } from "./wire/response.ts";
