/** Unix sockets in the work directory of a proxy. Source: kuma v2.14.3: pkg/core/xds/sockets.go. */
import { Buffer } from "node:buffer";
import { posix } from "node:path";

/** A path of a Unix socket has at most 104 bytes; cut where Kuma cuts, since both ends compute it. */
const STEM_MAX_BYTES = 98;

export function socketPath(workdir: string, stem: string): string {
  const path = Buffer.from(posix.join(workdir, stem));
  return `${path.subarray(0, STEM_MAX_BYTES).toString()}.sock`;
}
