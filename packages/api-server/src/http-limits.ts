/** What a client may take of a connection, plain or with TLS. */

export const BODY_LIMIT_BYTES = 10 * 1024 * 1024;
export const REQUEST_TIMEOUT_MS = 60_000;
const HEADERS_TIMEOUT_MS = 10_000;
/** How often both are looked at; Node's 30 s would add to them. */
const TIMEOUT_CHECK_MS = 2_000;
export const MAX_HEADER_BYTES = 64 * 1024;

/** Options of Node's servers. */
export const HTTP_LIMITS = {
  headersTimeout: HEADERS_TIMEOUT_MS,
  connectionsCheckingInterval: TIMEOUT_CHECK_MS,
  maxHeaderSize: MAX_HEADER_BYTES,
  requireHostHeader: false,
} as const;
