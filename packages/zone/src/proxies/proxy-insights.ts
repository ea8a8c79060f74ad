/**
 * The insights of proxies: which streams they have, what was sent and acknowledged, their versions and certificates. Written when a proxy
 * comes or goes, and with the counters of the meantime once in a while. Source: kuma v2.14.3: pkg/xds/server/callbacks/dataplane_status_sink.go.
 */
import type { Registry } from "@isthmus/resources";
import {
  type Clock,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  jsonEquals,
  type Random,
  type TimerHandle,
} from "@isthmus/std";
import { type Op, type Store, StoreWriter, type WriteEvent } from "@isthmus/store";
import {
  CLUSTER_TYPE,
  type ConnectedProxy,
  ENDPOINT_TYPE,
  LISTENER_TYPE,
  PROXY_RESOURCES,
  proxyKey,
  ROUTE_TYPE,
  type TypeUrl,
  type XdsEvent,
} from "@isthmus/xds";

export interface ProxyInsightsOptions {
  readonly store: Store;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly random: Random;
  readonly uuid: () => string;
  readonly instanceId: string;
  /** Subscriptions that are kept of a proxy. */
  readonly subscriptionLimit: number;
  /** Between two writes of counters. */
  readonly flushMs: number;
  readonly onEvent: (event: WriteEvent) => void;
}

/** The certificate that a Dataplane was given. */
export interface IssuedCertificate {
  /** Name of the backend of the mesh, or KRI of the MeshIdentity. */
  readonly backend: string;
  /** Whose certificates are accepted: names of backends, or KRIs of MeshTrusts. */
  readonly supportedBackends: readonly string[];
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

interface Counts {
  responsesSent: number;
  responsesAcknowledged: number;
  responsesRejected: number;
}

interface Connection {
  readonly proxy: ConnectedProxy;
  readonly id: string;
  readonly connectedAt: number;
  disconnectedAt: number | undefined;
  lastUpdateAt: number;
  readonly counts: Map<string, Counts>;
  isDirty: boolean;
}

const TYPES: ReadonlyMap<TypeUrl, string> = new Map([
  [CLUSTER_TYPE, "cds"],
  [ENDPOINT_TYPE, "eds"],
  [LISTENER_TYPE, "lds"],
  [ROUTE_TYPE, "rds"],
]);
const TOTAL = "total";

export class ProxyInsights {
  readonly #options: ProxyInsightsOptions;
  readonly #writer: StoreWriter;
  /** By id of the stream. */
  readonly #connections = new Map<number, Connection>();
  /** By proxy; one that reconnects may have two for a while. */
  readonly #ofProxy = new Map<string, Set<Connection>>();
  /** By proxy; undefined: it needs none any more. Of others nothing is known here. */
  readonly #certificates = new Map<string, IssuedCertificate | undefined>();
  #flush: TimerHandle | undefined;

  constructor(options: ProxyInsightsOptions) {
    const { store, clock, random, onEvent } = options;
    this.#options = options;
    this.#writer = new StoreWriter({ store, clock, random, onEvent, pending: () => this.#pending() });
  }

  onEvent(event: XdsEvent): void {
    switch (event.kind) {
      case "connected":
        return this.#connected(event.proxy, event.openedAt);
      case "disconnected":
        return this.#disconnected(event.proxy);
      case "sent":
        return this.#count(event.proxy, event.typeUrl, "responsesSent");
      case "ads":
        if (event.note.note === "acked") this.#count(event.proxy, event.note.typeUrl, "responsesAcknowledged");
        if (event.note.note === "nacked") this.#count(event.proxy, event.note.typeUrl, "responsesRejected");
        return;
      default:
        return;
    }
  }

  /** `proxy`: its key. Written with the counters of the meantime. */
  onCertificate(proxy: string, certificate: IssuedCertificate | undefined): void {
    this.#certificates.set(proxy, certificate);
    for (const connection of this.#ofProxy.get(proxy) ?? []) this.#touch(connection);
  }

  /** Says of all proxies that they are gone from here. */
  async stop(): Promise<void> {
    this.#flush?.cancel();
    for (const connection of this.#connections.values()) this.#close(connection);
    this.#writer.poke();
    await this.#writer.settled();
    await this.#writer.stop();
  }

  #connected(proxy: ConnectedProxy, openedAt: number): void {
    const key = proxyKey(proxy.id);
    const connection: Connection = {
      proxy,
      id: this.#options.uuid(),
      connectedAt: openedAt,
      disconnectedAt: undefined,
      lastUpdateAt: openedAt,
      counts: new Map(),
      isDirty: true,
    };
    this.#connections.set(proxy.streamId, connection);
    const others = this.#ofProxy.get(key);
    if (others === undefined) this.#ofProxy.set(key, new Set([connection]));
    else others.add(connection);
    this.#writer.poke();
  }

  #disconnected(proxy: ConnectedProxy): void {
    const connection = this.#connections.get(proxy.streamId);
    if (connection === undefined) return;
    this.#close(connection);
    this.#writer.poke();
  }

  #close(connection: Connection): void {
    connection.disconnectedAt ??= this.#options.clock.now();
    connection.isDirty = true;
  }

  #count(proxy: ConnectedProxy, typeUrl: TypeUrl, what: keyof Counts): void {
    const connection = this.#connections.get(proxy.streamId);
    if (connection === undefined) return;
    for (const type of [TYPES.get(typeUrl), TOTAL]) {
      if (type === undefined) continue;
      const counts = connection.counts.get(type) ?? {
        responsesSent: 0,
        responsesAcknowledged: 0,
        responsesRejected: 0,
      };
      counts[what] += 1;
      connection.counts.set(type, counts);
    }
    connection.lastUpdateAt = this.#options.clock.now();
    this.#touch(connection);
  }

  #touch(connection: Connection): void {
    connection.isDirty = true;
    this.#flush ??= this.#options.clock.setTimeout(() => {
      this.#flush = undefined;
      this.#writer.poke();
    }, this.#options.flushMs);
  }

  #pending(): readonly { readonly op: Op }[] {
    const ops: { readonly op: Op }[] = [];
    for (const connection of this.#connections.values()) {
      if (!connection.isDirty) continue;
      const op = this.#opOf(connection);
      // Without its resource there is nothing to own it.
      if (op === undefined) {
        if (connection.disconnectedAt !== undefined) this.#forget(connection);
        continue;
      }
      connection.isDirty = false;
      if (connection.disconnectedAt !== undefined) this.#forget(connection);
      ops.push({ op });
    }
    return ops;
  }

  #forget(connection: Connection): void {
    this.#connections.delete(connection.proxy.streamId);
    const key = proxyKey(connection.proxy.id);
    const others = this.#ofProxy.get(key);
    others?.delete(connection);
    if (others !== undefined && others.size > 0) return;
    this.#ofProxy.delete(key);
    this.#certificates.delete(key);
  }

  #opOf(connection: Connection): Op | undefined {
    const { store, subscriptionLimit } = this.#options;
    const { type, mesh, name } = connection.proxy.id;
    const { resource, insight } = PROXY_RESOURCES[type];
    const owner = { type: resource, mesh, name };
    const stored = store.get({ type: insight, mesh, name });
    const described = store.get(owner);
    if (described === undefined) return undefined;
    const others = subscriptionsOf(stored?.spec).filter(({ id }) => id !== connection.id);
    const closed = others.map((each) =>
      each.disconnectTime === undefined ? { ...each, disconnectTime: timestamp(connection.connectedAt) } : each,
    );
    const subscriptions = [...closed, this.#subscription(connection)].slice(-subscriptionLimit);
    const { metadata } = connection.proxy;
    const { mTLS, ...rest } = stored?.spec ?? {};
    return {
      kind: "put",
      resource: {
        type: insight,
        mesh,
        name,
        labels: stored?.labels ?? insightLabels(described.labels),
        spec: {
          ...rest,
          subscriptions,
          ...(type === "dataplane" ? { metadata: metadata.raw, ...this.#mTlsOf(connection.proxy, mTLS) } : {}),
        },
        owner,
      },
      expect: stored?.version ?? "absent",
    };
  }

  /** What is not known here is left as another control plane wrote it. */
  #mTlsOf({ id }: ConnectedProxy, stored: JsonValue | undefined): { readonly mTLS?: JsonValue } {
    const key = proxyKey(id);
    if (!this.#certificates.has(key)) return stored === undefined ? {} : { mTLS: stored };
    const issued = this.#certificates.get(key);
    if (issued === undefined) return {};
    const before = isJsonObject(stored) ? stored : {};
    const mTLS: JsonObject = {
      certificateExpirationTime: timestamp(issued.expiresAtMs),
      lastCertificateRegeneration: timestamp(issued.issuedAtMs),
      issuedBackend: issued.backend,
      supportedBackends: [...issued.supportedBackends],
    };
    const { certificateRegenerations: count = 0, ...others } = before;
    const isSame = jsonEquals(others, mTLS);
    return { mTLS: { ...mTLS, certificateRegenerations: Number(count) + (isSame ? 0 : 1) } };
  }

  #subscription({ proxy, id, connectedAt, disconnectedAt, lastUpdateAt, counts }: Connection): JsonObject {
    const { version } = proxy.metadata;
    const status = [...counts].map(([type, { responsesSent, responsesAcknowledged, responsesRejected }]) => [
      type,
      {
        ...(responsesSent === 0 ? {} : { responsesSent: String(responsesSent) }),
        ...(responsesAcknowledged === 0 ? {} : { responsesAcknowledged: String(responsesAcknowledged) }),
        ...(responsesRejected === 0 ? {} : { responsesRejected: String(responsesRejected) }),
      },
    ]);
    return {
      id,
      controlPlaneInstanceId: this.#options.instanceId,
      connectTime: timestamp(connectedAt),
      ...(disconnectedAt === undefined ? {} : { disconnectTime: timestamp(disconnectedAt) }),
      status: {
        lastUpdateTime: timestamp(lastUpdateAt),
        total: {},
        cds: {},
        eds: {},
        lds: {},
        rds: {},
        ...Object.fromEntries(status),
      },
      ...(version === undefined ? {} : { version: version as unknown as JsonObject }),
    };
  }
}

function subscriptionsOf(spec: JsonObject | undefined): readonly JsonObject[] {
  const { subscriptions } = spec ?? {};
  return Array.isArray(subscriptions) ? subscriptions.filter(isJsonObject) : [];
}

/** Those that say where the resource is from. */
function insightLabels(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(labels).filter(([key]) =>
      ["kuma.io/mesh", "kuma.io/origin", "kuma.io/zone", "kuma.io/env"].includes(key),
    ),
  );
}

function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}
