/** A REST server over an empty memory store, asked without a socket; for the tests of this package. */
import type { Index } from "@isthmus/api";
import { type KeyMaker, ResourceManager, type ResourceManagerOptions } from "@isthmus/manager";
import { builtinTypes, parseResource, Registry } from "@isthmus/resources";
import { isJsonObject, type JsonObject } from "@isthmus/std";
import { createMemoryStore, type Store } from "@isthmus/store";
import { FakeClock } from "@isthmus/testkit";
import { ApiServer, type ApiServerOptions } from "../server.ts";

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

export interface Rig {
  readonly store: Store;
  readonly manager: ResourceManager;
  readonly server: ApiServer;
  readonly ask: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Answer>;
  /** Stores documents as a control plane printed them, past all checks. */
  readonly seed: (...documents: readonly JsonObject[]) => Promise<void>;
}

export const INDEX: Index = {
  hostname: "cp",
  product: "Isthmus",
  version: "2.14.3",
  instanceId: "cp-1a2b",
  clusterId: "9f1c3c1e-0000-4000-8000-000000000000",
  gui: "",
};

const keys: KeyMaker = {
  signingKey: async () => "key",
  ca: async () => ({ cert: "cert\n", key: "key\n" }),
  adminToken: async () => "token",
  uuid: () => INDEX.clusterId,
};

export function rig(
  options: Partial<Omit<ResourceManagerOptions, "store" | "registry">> & Partial<ApiServerOptions> = {},
): Rig {
  const registry = new Registry(builtinTypes);
  const store = createMemoryStore({ clock: new FakeClock() });
  const shared = { registry, store, mode: "global", isFederated: false, ...options } as const;
  const manager = new ResourceManager({ keys, ...shared });
  const server = new ApiServer({ port: 0, index: () => INDEX, ...shared, manager });
  return {
    store,
    manager,
    server,
    async ask(method, path, body, headers = {}) {
      const payload = typeof body === "string" ? body : JSON.stringify(body);
      const answer = await server.inject({
        method,
        url: path,
        headers: {
          host: "localhost:5681",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { payload }),
      });
      return { status: answer.statusCode, text: answer.payload, headers: answer.headers };
    },
    async seed(...documents) {
      const ops = documents.map((document) => {
        const type = JSON.stringify(document["type"]);
        const descriptor = registry.get(JSON.parse(type) as string);
        if (descriptor === undefined) throw new Error(`no type ${type}`);
        const parsed = parseResource(descriptor, document, { isFromServer: true });
        if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
        return { kind: "put", resource: parsed.value } as const;
      });
      await store.commit(ops);
    },
  };
}

export const mesh = (name: string): JsonObject => ({ type: "Mesh", name, skipCreatingInitialPolicies: ["*"] });
export const itemsOf = (json: unknown): readonly JsonObject[] => {
  const items = isJsonObject(json) ? json["items"] : undefined;
  return Array.isArray(items) ? (items as readonly JsonObject[]) : [];
};
