/** gRPC status as a value, and as an error to throw from a handler. */
import { Metadata } from "@grpc/grpc-js";

export { Metadata };

/** The codes as plain numbers, which is what travels. */
export const GrpcCode = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

const NAMES = new Map<number, string>(Object.entries(GrpcCode).map(([name, code]) => [code, name]));

/** Peers put the text of a status into an HTTP/2 header; longer texts are cut. */
const DETAILS_MAX_CHARS = 2_000;

export interface GrpcStatus {
  readonly code: number;
  readonly details: string;
}

/** What a unary handler throws to choose the status; anything else thrown becomes INTERNAL. */
export class GrpcError extends Error {
  readonly code: number;
  readonly details: string;

  constructor(code: number, details: string, options?: { readonly cause?: unknown }) {
    super(`${statusName(code)}: ${details}`, options);
    this.name = "GrpcError";
    this.code = code;
    this.details = details;
  }
}

/** `UNAVAILABLE` for 14. */
export function statusName(code: number): string {
  return NAMES.get(code) ?? `CODE_${code}`;
}

/** `UNAVAILABLE: stream unavailable`, for logs. */
export function describeStatus(status: GrpcStatus): string {
  return status.details === "" ? statusName(status.code) : `${statusName(status.code)}: ${status.details}`;
}

/**
 * A status that can be sent. grpc-js passes the text to `encodeURI`, which throws on a lone surrogate: text that a peer
 * had a hand in would otherwise end the process.
 */
export function sendableStatus(status: GrpcStatus): GrpcStatus {
  const wellFormed = status.details.replace(/\p{Surrogate}/gu, "\uFFFD");
  const details = wellFormed.length > DETAILS_MAX_CHARS ? `${cut(wellFormed, DETAILS_MAX_CHARS)}...` : wellFormed;
  return { code: status.code, details };
}

/** Cuts without splitting a surrogate pair. */
function cut(text: string, length: number): string {
  return text.slice(0, length).replace(/\p{Surrogate}$/u, "");
}
