/** Who is at the other end of a stream, by the node of its first request and its metadata. */
import type { Metadata } from "@isthmus/grpc-kit";
import type { WireNode } from "@isthmus/proto";
import { err, ok, type Result } from "@isthmus/std";
import type { ProxyCandidate } from "../admission.ts";
import { readNodeMetadata } from "../node/node-metadata.ts";
import { isProxyType, parseNodeId } from "../node/proxy-id.ts";

/** What a call showed: exactly one `authorization`, without a prefix. Source: kuma v2.14.3: pkg/xds/auth/callbacks.go. */
export function credentialOf(metadata: Metadata): string | undefined {
  const credentials = metadata.get("authorization");
  return credentials.length === 1 ? credentials[0]?.toString() : undefined;
}

/** Source: kuma v2.14.3: pkg/core/xds/types.go. */
export function readCandidate(
  node: WireNode | undefined,
  { peer, credential }: Pick<ProxyCandidate, "peer" | "credential">,
): Result<ProxyCandidate, string> {
  const parsed = parseNodeId(node?.id ?? "");
  if (!parsed.ok) return err(`invalid node id: ${parsed.error}`);
  const metadata = readNodeMetadata(node?.metadata ?? {});
  const type = metadata.proxyType === "" ? "dataplane" : metadata.proxyType;
  if (!isProxyType(type)) return err(`unknown proxy type ${JSON.stringify(type)}`);
  return ok({ id: { type, ...parsed.value }, metadata, credential, peer });
}
