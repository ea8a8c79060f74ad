/** Where the connections of a TCP outbound go. Source: kuma v2.14.3: pkg/plugins/policies/meshtcproute. */
import { tcpChain } from "../build/chains.ts";
import type { ChainDraft } from "../draft/draft.ts";
import type { RouteContext } from "./route-context.ts";

export function tcpSplitOf({ own }: RouteContext, stat: string): ChainDraft {
  return tcpChain(own.role, stat, own.cluster);
}
