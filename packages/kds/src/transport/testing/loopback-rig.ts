/** A global and zones over real gRPC on loopback, with memory stores. For tests. */
import { GrpcConnection, type GrpcStatus, type Metadata, metadataOf } from "@isthmus/grpc-kit";
import { builtinTypes, Registry, type ResourceKey } from "@isthmus/resources";
import { systemClock } from "@isthmus/std";
import { createMemoryStore, type ResourceDraft, type Store } from "@isthmus/store";
import { eventually, seededRandom } from "@isthmus/testkit";
import { openAppliers } from "../../apply/applier.ts";
import { Outbox } from "../../feed/outbox.ts";
import { HoldRegistry } from "../../guard/hold-registry.ts";
import type { GlobalKdsServerOptions } from "../global-kds-options.ts";
import { GlobalKdsServer } from "../global-kds-server.ts";
import type { KdsEvent } from "../kds-events.ts";
import { KDS_PATHS } from "../kds-methods.ts";
import { ZoneKdsClient } from "../zone-kds-client.ts";
import type { ZoneKdsClientOptions } from "../zone-kds-options.ts";
import { type ApplyFailure, failingApplier } from "./failing-applier.ts";

const VERSION = { version: "2.14.3", gitTag: "v2.14.3", gitCommit: "unknown", buildDate: "unknown" };
const QUICK_BACKOFF = { baseMs: 20, maxMs: 100, resetAfterMs: 60_000, jitterMs: 10 };

export const builtinRegistry = new Registry(builtinTypes);

type Cleanup = () => Promise<void> | void;

export interface GlobalRig {
  readonly store: Store;
  readonly holds: HoldRegistry;
  readonly server: GlobalKdsServer;
  readonly events: readonly KdsEvent[];
  readonly address: string;
}

export interface ZoneRig {
  readonly store: Store;
  readonly holds: HoldRegistry;
  readonly client: ZoneKdsClient;
  readonly events: readonly KdsEvent[];
}

export interface GlobalRigOptions extends Partial<Omit<GlobalKdsServerOptions, "server">> {
  readonly store?: Store;
  readonly server?: Partial<GlobalKdsServerOptions["server"]>;
  readonly failure?: ApplyFailure;
}

export interface ZoneRigOptions extends Partial<ZoneKdsClientOptions> {
  readonly store?: Store;
  readonly failure?: ApplyFailure;
}

/** Collects what has to be ended after a test. */
export class LoopbackRig {
  readonly #cleanups: Cleanup[] = [];

  async end(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).reverse()) await cleanup();
  }

  onEnd(cleanup: Cleanup): void {
    this.#cleanups.push(cleanup);
  }

  async global(options: GlobalRigOptions = {}): Promise<GlobalRig> {
    const store = options.store ?? createMemoryStore({ clock: systemClock });
    const registry = options.registry ?? builtinRegistry;
    const outbox = new Outbox({ registry, store, role: { kind: "global" } });
    outbox.start();
    const holds = new HoldRegistry({ store, clock: systemClock });
    const events: KdsEvent[] = [];
    const server = new GlobalKdsServer({
      registry,
      outbox,
      openApplier: failingApplier(
        openAppliers({ registry, store, side: { kind: "global" }, holds, clock: systemClock }),
        options.failure ?? (() => undefined),
      ),
      holds,
      historyId: store.historyId,
      node: { instanceId: "global-1", version: VERSION },
      clock: systemClock,
      random: seededRandom(1),
      onEvent: (event) => events.push(event),
      admitZone: async ({ zone }) => {
        await store.commit([{ kind: "put", resource: draft("Zone", zone, { spec: { enabled: true } }) }]);
        return undefined;
      },
      ...options,
      server: { address: "127.0.0.1", port: 0, portSetting: "TEST_PORT", drainMs: 200, ...options.server },
    });
    await server.start();
    this.onEnd(async () => {
      await server.stop();
      await holds.close();
      outbox.stop();
    });
    return { store, holds, server, events, address: `grpc://127.0.0.1:${server.port}` };
  }

  async zone(name: string, address: string, options: ZoneRigOptions = {}): Promise<ZoneRig> {
    const store = options.store ?? createMemoryStore({ clock: systemClock });
    const registry = options.registry ?? builtinRegistry;
    const outbox = new Outbox({ registry, store, role: { kind: "zone", zone: name } });
    outbox.start();
    const holds = new HoldRegistry({ store, clock: systemClock });
    const events: KdsEvent[] = [];
    const client = new ZoneKdsClient({
      registry,
      outbox,
      openApplier: failingApplier(
        openAppliers({ registry, store, side: { kind: "zone", zone: name }, holds, clock: systemClock }),
        options.failure ?? (() => undefined),
      ),
      holds,
      historyId: store.historyId,
      address,
      node: { zone: name, instanceId: `${name}-1`, version: VERSION, config: '{"store":{"type":"memory"}}' },
      clock: systemClock,
      random: seededRandom(2),
      onEvent: (event) => events.push(event),
      backoff: QUICK_BACKOFF,
      ...options,
    });
    await client.start();
    this.onEnd(async () => {
      await client.stop();
      await holds.close();
      outbox.stop();
    });
    return { store, holds, client, events };
  }

  /** A peer that says what the test wants. */
  raw(address: string): RawPeer {
    const connection = new GrpcConnection({ address, closeMs: 200 });
    this.onEnd(() => connection.close());
    return new RawPeer(connection);
  }
}

export interface RawStream {
  readonly received: readonly Buffer[];
  readonly headers: readonly Metadata[];
  /** Undefined while the stream is open. */
  status(): GrpcStatus | undefined;
  ended(): Promise<GrpcStatus>;
  send(message: Uint8Array): void;
  halfClose(): void;
  pause(): void;
  resume(): void;
}

export class RawPeer {
  readonly connection: GrpcConnection;

  constructor(connection: GrpcConnection) {
    this.connection = connection;
  }

  open(kind: keyof typeof KDS_PATHS, headers: Readonly<Record<string, string | readonly string[]>>): RawStream {
    const received: Buffer[] = [];
    const metadata: Metadata[] = [];
    let status: GrpcStatus | undefined;
    const stream = this.connection.bidi(KDS_PATHS[kind], metadataOf(headers), {
      message: (bytes) => received.push(bytes),
      headers: (value) => metadata.push(value),
      closed: (ended) => {
        status = ended;
      },
    });
    return {
      received,
      headers: metadata,
      status: () => status,
      ended: () => eventually(() => status, { what: `end of ${kind}` }),
      send: (message) => stream.writer.write(Buffer.from(message)),
      halfClose: () => stream.halfClose(),
      pause: () => stream.pause(),
      resume: () => stream.resume(),
    };
  }
}

/** Headers of a zone of Kuma. */
export function zoneOf(name: string): Record<string, string | readonly string[]> {
  return { "client-id": name, features: ["zone-ping-health", "hash-suffix"], "kds-version": "v3", version: "2.14.3" };
}

export async function put(store: Store, ...resources: readonly ResourceDraft[]): Promise<void> {
  await store.commit(resources.map((resource) => ({ kind: "put", resource })));
}

export async function remove(store: Store, ...keys: readonly ResourceKey[]): Promise<void> {
  await store.commit(keys.map((key) => ({ kind: "delete", key })));
}

export function draft(type: string, name: string, extra: Partial<ResourceDraft> = {}): ResourceDraft {
  return { type, mesh: "", name, labels: {}, spec: {}, ...extra };
}
