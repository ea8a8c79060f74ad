/** Limits that both ends share. */

/** Kuma's limit in both directions, counted after decompression (kuma v2.14.3: pkg/config/multizone/multicluster.go). */
export const DEFAULT_MAX_MESSAGE_BYTES = 10 * 1024 * 1024;
/** Bytes on their way to one stream at which its writer is blocked. */
export const DEFAULT_HIGH_WATER_BYTES = 1024 * 1024;
