/** Who is at the other end of a stream, by the node of its first request and its metadata. */
import type { ServerStream } from "@isthmus/grpc-kit";
import type { WireNode } from "@isthmus/proto";
import { err, ok, type Result } from "@isthmus/std";
import type { ProxyCandidate } from "../admission.ts";
import { readNodeMetadata } from "../node/node-metadata.ts";
import { isProxyType, parseNodeId } from "../node/proxy-id.ts";

/** Source: kuma v2.14.3: pkg/core/xds/types.go, pkg/xds/auth/callbacks.go (exactly one `authorization`, without a prefix). */
export function readCandidate(
  node: WireNode | undefined,
  stream: Pick<ServerStream, "metadata" | "peer">,
): Result<ProxyCandidate, string> {
  const parsed = parseNodeId(node?.id ?? "");
  if (!parsed.ok) return err(`invalid node id: ${parsed.error}`);
  const metadata = readNodeMetadata(node?.metadata ?? {});
  const type = metadata.proxyType === "" ? "dataplane" : metadata.proxyType;
  if (!isProxyType(type)) return err(`unknown proxy type ${JSON.stringify(type)}`);
  const credentials = stream.metadata.get("authorization");
  const [credential] = credentials;
  return ok({
    id: { type, ...parsed.value },
    metadata,
    credential: credentials.length === 1 && credential !== undefined ? credential.toString() : undefined,
    peer: stream.peer,
  });
}
