export {
  BoundedStreamWriter,
  type BoundedStreamWriterOptions,
  type WritableMessages,
} from "./bounded-stream-writer.ts";
export type { ByteStream, ByteStreamHandlers } from "./byte-stream.ts";
export type { CallObserver, ObservedCall } from "./call-probe.ts";
export {
  type GrpcAddress,
  GrpcAddressError,
  GrpcConnection,
  type GrpcConnectionOptions,
  MIN_KEEPALIVE_MS,
  parseGrpcAddress,
} from "./client.ts";
export type { ClientTls } from "./client-credentials.ts";
export type { ClientStream } from "./client-stream.ts";
export { GrpcInternalsError } from "./grpc-js-internals.ts";
export { DEFAULT_HIGH_WATER_BYTES, DEFAULT_MAX_MESSAGE_BYTES } from "./limits.ts";
export { ListenError } from "./listen-error.ts";
export { joined, type MessageParts, type OutgoingMessage, PART_BYTES } from "./message-parts.ts";
export { firstValue, metadataOf, splitValues } from "./metadata.ts";
export type { PeerCertificate } from "./peer-certificate.ts";
export {
  GrpcServer,
  type GrpcServerOptions,
  type InjectedGrpcServerOptions,
  type UnaryCall,
  type UnaryHandler,
} from "./server.ts";
export type { ServerTls } from "./server-credentials.ts";
export type { ServerStream } from "./server-stream.ts";
export { SharedPort, type SharedPortOptions } from "./shared-port.ts";
export {
  describeStatus,
  GrpcCode,
  GrpcError,
  type GrpcStatus,
  Metadata,
  sendableStatus,
  statusName,
} from "./status.ts";
export {
  CERTIFICATE_FILE,
  type GeneratedTlsIdentity,
  generatedTlsIdentity,
  KEY_FILE,
  loadCaBundle,
  loadTlsIdentity,
  localSubjectNames,
  selfSignedPair,
  type TlsFile,
  TlsIdentityError,
  type TlsIdentityErrorCode,
} from "./tls-identity.ts";
