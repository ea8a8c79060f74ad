/**
 * A data-plane proxy as the wire sees it, on HTTP/2: one TLS connection, one ADS stream (state of the world), requests in the order in which
 * Envoy makes them: clusters, endpoints of those that want them, listeners, secrets. It acknowledges everything at once.
 */
import { BYTES, encodeDeltaRequest, WireReader, WireWriter } from "@isthmus/proto";
import { type DiscoveryHead, DiscoveryReader, isEdsCluster, nameRange } from "./discovery-reader.ts";
import { type CallEnd, Http2Call } from "./http2-call.ts";
import { NO_NAMES, SubscribedNames } from "./subscribed-names.ts";

const PATH = "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources";
const PREFIX = "type.googleapis.com/";
const CLUSTERS = `${PREFIX}envoy.config.cluster.v3.Cluster`;
export const ENDPOINTS = `${PREFIX}envoy.config.endpoint.v3.ClusterLoadAssignment`;
export const LISTENERS = `${PREFIX}envoy.config.listener.v3.Listener`;
const RESOURCES_TAG = (2 << 3) | BYTES;
const GRPC_HEADER_BYTES = 5;

export interface MockProxyOptions {
  /** `https://127.0.0.1:5678` */
  readonly url: string;
  readonly type?: "dataplane" | "ingress";
  /** "" for an ingress. */
  readonly mesh: string;
  readonly name: string;
  /** The Dataplane that it brings, as text; without it, one that is stored is meant. */
  readonly dataplane?: string;
  /** That it shows, where the server wants one. */
  readonly token?: string;
  /** A response arrived and was acknowledged; `at` is monotonic milliseconds. */
  readonly onResponse?: (response: DiscoveryHead, at: number) => void;
  /** Bytes to look for in responses: `isFound`. */
  readonly seek?: () => Buffer | undefined;
}

export class MockProxy {
  readonly #options: MockProxyOptions;
  readonly #call: Http2Call;
  /** Names that each type is subscribed to, encoded; empty: all. */
  readonly #subscribed = new Map<string, Buffer>();
  readonly #edsClusters = new SubscribedNames();
  /** It has everything that it asked for; rejects when it ends before. */
  readonly ready: Promise<void>;
  /** Its stream, or its connection, is over. */
  readonly ended: Promise<CallEnd>;
  #becomeReady: () => void = () => {};

  constructor(options: MockProxyOptions) {
    this.#options = options;
    const reader = new DiscoveryReader({
      typeUrl: CLUSTERS,
      onResource: (bytes, start, end) => {
        if (isEdsCluster(bytes, start, end)) this.#edsClusters.add(bytes, ...nameRange(bytes, start));
      },
      onMessage: (response) => this.#onResponse(response),
      ...(options.seek === undefined ? {} : { seek: options.seek }),
    });
    this.#call = new Http2Call({
      url: options.url,
      path: PATH,
      headers: {
        "content-type": "application/grpc",
        te: "trailers",
        ...(options.token === undefined ? {} : { authorization: options.token }),
      },
      onData: (piece) => reader.push(piece),
    });
    this.ended = this.#call.ended;
    this.ready = new Promise((resolve, reject) => {
      this.#becomeReady = resolve;
      void this.ended.then(({ code, message }) => reject(new Error(`the stream ended with ${code}: ${message}`)));
    });
    // Whoever only looks at the end need not look at this as well.
    this.ready.catch(() => {});
    this.#ask(CLUSTERS, NO_NAMES, "", "");
  }

  close(): void {
    this.#call.destroy();
  }

  #onResponse(response: DiscoveryHead): void {
    const at = performance.now();
    const { version, typeUrl, nonce } = response;
    this.#ask(typeUrl, this.#subscribed.get(typeUrl) ?? NO_NAMES, version, nonce);
    this.#options.onResponse?.(response, at);
    if (typeUrl === CLUSTERS) {
      const wanted = this.#edsClusters.finish();
      if (wanted !== this.#subscribed.get(ENDPOINTS)) this.#ask(ENDPOINTS, wanted, "", "");
      if (!this.#subscribed.has(LISTENERS)) this.#ask(LISTENERS, NO_NAMES, "", "");
      return;
    }
    if (typeUrl === LISTENERS) this.#becomeReady();
  }

  #ask(typeUrl: string, names: Buffer, version: string, nonce: string): void {
    const isFirst = this.#subscribed.size === 0;
    this.#subscribed.set(typeUrl, names);
    const head = new WireWriter().optionalString(1, version);
    if (isFirst) head.bytes(2, this.#node());
    const before = head.finish();
    const after = new WireWriter().string(4, typeUrl).optionalString(5, nonce).finish();
    const prefix = Buffer.alloc(GRPC_HEADER_BYTES);
    prefix.writeUInt32BE(before.byteLength + names.byteLength + after.byteLength, 1);
    this.#call.write([prefix, before, names, after]);
  }

  /** Of a request that has nothing else: a node is the same in both variants. */
  #node(): Uint8Array {
    const { type = "dataplane", mesh, name, dataplane } = this.#options;
    const metadata = {
      "dataplane.proxyType": type,
      features: [],
      ...(dataplane === undefined ? {} : { "dataplane.resource": dataplane }),
      version: { kumaDp: { version: "2.14.3" }, envoy: { version: "1.36.0", kumaDpCompatible: true } },
    };
    const reader = new WireReader(encodeDeltaRequest({ node: { id: `${mesh}.${name}`, metadata }, typeUrl: "" }));
    reader.tag();
    return reader.bytes();
  }
}

/** Of the ClusterLoadAssignments of a whole message. */
export function namesIn(message: Buffer | undefined): readonly string[] {
  const names: string[] = [];
  if (message === undefined) return names;
  const reader = new WireReader(message);
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag !== RESOURCES_TAG) reader.skip(tag);
    else {
      const any = new WireReader(reader.bytes());
      any.skip(any.tag());
      any.tag();
      const resource = Buffer.from(any.bytes());
      names.push(resource.toString("utf8", ...nameRange(resource, 0)));
    }
  }
  return names;
}
