/** Who this process is, to peers and operators. */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";

/**
 * The version spoken on the wire and in REST. Peers and stock tools compare it with their own, so it is that of the system
 * we are compatible with; `ISTHMUS_VERSION` is ours.
 */
export const KUMA_VERSION = "2.14.3";
export const KUMA_PRODUCT = "Kuma";
export const ISTHMUS_VERSION = "0.1.0";

export const BUILD_VERSION = {
  version: KUMA_VERSION,
  gitTag: `v${KUMA_VERSION}`,
  gitCommit: `isthmus-${ISTHMUS_VERSION}`,
  buildDate: "unknown",
} as const;

/** `<hostname>-<4 hex digits>`, new for every process. Source: kuma v2.14.3: pkg/core/runtime. */
export function newInstanceId(): string {
  return `${hostname()}-${randomBytes(2).toString("hex")}`;
}
