/** What the routes serve from. */
import type { Index } from "@isthmus/api";
import type { ResourceManager } from "@isthmus/manager";
import type { Registry } from "@isthmus/resources";
import type { Store } from "@isthmus/store";
import type { AccessRules } from "./access/access-rules.ts";
import type { ProxyInspector } from "./inspect/proxy-inspector.ts";
import type { SyncApi } from "./sync-api.ts";
import type { TokenApi } from "./token-api.ts";
import type { TopologyApi } from "./topology-api.ts";

export interface ApiContext {
  readonly registry: Registry;
  readonly store: Store;
  readonly manager: ResourceManager;
  readonly mode: "global" | "zone";
  readonly isFederated: boolean;
  readonly isReadOnly?: boolean;
  /** Left out: Kuma's. */
  readonly access?: AccessRules;
  /** `GET /`; asked each time, because the cluster id of a zone comes with the sync. */
  readonly index: () => Index;
  /** Left out: `/sync` does not exist. */
  readonly sync?: SyncApi;
  /** Endpoint sets; only a zone has them. Left out on a zone: their paths do not exist. */
  readonly topology?: TopologyApi;
  /** Left out: `/tokens` does not exist. */
  readonly tokens?: TokenApi;
  /** Resolves once the control plane has all its signing keys; who reads secrets or wants a token waits. Left out: it has. */
  readonly signingKeys?: () => Promise<void>;
  /** `GET /config`, without secrets. Left out: the path does not exist. */
  readonly config?: () => string;
  /** The own zone; left out on a global. */
  readonly zoneName?: string;
  /** How to ask proxies. Left out: their paths say that none is connected. */
  readonly inspector?: ProxyInspector;
}
