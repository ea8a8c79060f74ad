/** A manager over an empty memory store, with keys that cost nothing; for the tests of this package. */
import { builtinTypes, Registry, type Resource, type ResourceKey } from "@isthmus/resources";
import type { Result } from "@isthmus/std";
import { createMemoryStore, type ResourceDraft, type Store } from "@isthmus/store";
import { FakeClock } from "@isthmus/testkit";
import type { CaRequest, KeyMaker } from "../keys/key-maker.ts";
import { ResourceManager, type ResourceManagerOptions, type Written } from "../resource-manager.ts";
import type { WriteError } from "../write-error.ts";

export interface Rig {
  readonly store: Store;
  readonly manager: ResourceManager;
  readonly keys: RecordingKeyMaker;
  readonly put: (draft: Partial<ResourceDraft> & ResourceKey) => Promise<Result<Written, WriteError>>;
  readonly delete: (key: ResourceKey) => Promise<Result<void, WriteError>>;
  readonly get: (type: string, mesh: string, name: string) => Resource | undefined;
}

export class RecordingKeyMaker implements KeyMaker {
  readonly caRequests: CaRequest[] = [];
  #made = 0;

  async signingKey(): Promise<string> {
    this.#made += 1;
    return `key ${this.#made}`;
  }

  async ca(request: CaRequest): Promise<{ cert: string; key: string }> {
    this.caRequests.push(request);
    return { cert: `cert of ${request.commonName}\n`, key: `key of ${request.commonName}\n` };
  }

  async adminToken({ kid, pem }: { kid: string; pem: Buffer }): Promise<string> {
    return `admin token signed with ${kid}: ${pem.toString()}`;
  }

  uuid(): string {
    return "9f1c3c1e-0000-4000-8000-000000000000";
  }
}

export function rig(options: Partial<ResourceManagerOptions> = {}): Rig {
  const registry = new Registry(builtinTypes);
  const store = options.store ?? createMemoryStore({ clock: new FakeClock() });
  const keys = new RecordingKeyMaker();
  const manager = new ResourceManager({ registry, mode: "global", isFederated: false, keys, ...options, store });
  const descriptorOf = (type: string) => {
    const descriptor = registry.get(type);
    if (descriptor === undefined) throw new Error(`no type ${type}`);
    return descriptor;
  };
  return {
    store,
    manager,
    keys,
    put: (draft) => manager.put(descriptorOf(draft.type), draft, { labels: {}, spec: {}, ...draft }),
    delete: (key) => manager.delete(descriptorOf(key.type), key),
    get: (type, mesh, name) => store.get({ type, mesh, name }),
  };
}

export const key = (type: string, mesh: string, name: string): ResourceKey => ({ type, mesh, name });
export const mesh = (name: string, spec: ResourceDraft["spec"] = {}) => ({ ...key("Mesh", "", name), spec });
