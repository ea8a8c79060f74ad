/**
 * A data-plane proxy as the wire sees it, on raw HTTP/2: one TLS connection, one ADS stream (state of the world), requests in the order in which
 * Envoy makes them: clusters, endpoints of those that want them, listeners, secrets. It acknowledges everything at once.
 */
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from "node:http2";
import { BYTES, encodeDeltaRequest, VARINT, WireReader, WireWriter } from "@isthmus/proto";
import { FrameReader, frame } from "./grpc-frames.ts";

const PATH = "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources";
const PREFIX = "type.googleapis.com/";
const CLUSTERS = `${PREFIX}envoy.config.cluster.v3.Cluster`;
export const ENDPOINTS = `${PREFIX}envoy.config.endpoint.v3.ClusterLoadAssignment`;
export const LISTENERS = `${PREFIX}envoy.config.listener.v3.Listener`;
const EDS = 3;
const WINDOW_BYTES = 1024 * 1024;

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
  /** A response arrived, with the names in it; `at` is monotonic milliseconds, `size` bytes. */
  readonly onResponse?: (typeUrl: string, names: readonly string[], at: number, size: number) => void;
}

/** How a stream ended: status of gRPC and its text, as they came. */
export interface StreamEnd {
  readonly code: number;
  readonly message: string;
}

const UNAVAILABLE = 14;

export class MockProxy {
  receivedBytes = 0;
  readonly #options: MockProxyOptions;
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  /** Resources that each type is subscribed to; empty: all. */
  readonly #subscribed = new Map<string, readonly string[]>();
  /** It has everything that it asked for; rejects when there is no connection. */
  readonly ready: Promise<void>;
  /** Its stream, or its connection, is over. */
  readonly ended: Promise<StreamEnd>;
  #becomeReady: () => void = () => {};

  constructor(options: MockProxyOptions) {
    this.#options = options;
    this.#session = connect(options.url, {
      rejectUnauthorized: false,
      ALPNProtocols: ["h2"],
      settings: { initialWindowSize: WINDOW_BYTES, enablePush: false },
    });
    this.ready = new Promise((resolve, reject) => {
      this.#becomeReady = resolve;
      this.#session.once("error", reject);
    });
    this.#session.on("error", () => {});
    this.#stream = this.#session.request({
      [constants.HTTP2_HEADER_METHOD]: "POST",
      [constants.HTTP2_HEADER_PATH]: PATH,
      "content-type": "application/grpc",
      te: "trailers",
      ...(options.token === undefined ? {} : { authorization: options.token }),
    });
    this.ended = new Promise((resolve) => {
      const end = (headers: IncomingHttpHeaders): void => {
        if (headers["grpc-status"] === undefined) return;
        const message = headers["grpc-message"];
        resolve({
          code: Number(headers["grpc-status"]),
          message: decodeURIComponent(typeof message === "string" ? message : ""),
        });
      };
      this.#stream.once("response", end).once("trailers", end);
      this.#stream.once("close", () => resolve({ code: UNAVAILABLE, message: "the connection is gone" }));
    });
    const reader = new FrameReader((message) => this.#onResponse(message));
    this.#stream.on("data", (chunk: Buffer) => reader.push(chunk));
    this.#stream.on("error", () => {});
    this.#stream.once("end", () => this.#session.close());
    this.#ask(CLUSTERS, [], "", "");
  }

  close(): void {
    this.#session.destroy();
  }

  #onResponse(message: Buffer): void {
    const at = performance.now();
    this.receivedBytes += message.length;
    const { version, typeUrl, nonce, resources } = readResponse(message);
    this.#ask(typeUrl, this.#subscribed.get(typeUrl) ?? [], version, nonce);
    const names = resources.map((resource) => readNamed(resource, typeUrl));
    this.#options.onResponse?.(
      typeUrl,
      names.map(({ name }) => name),
      at,
      message.length,
    );
    if (typeUrl === CLUSTERS) {
      const wanted = names.filter(({ isEds }) => isEds).map(({ name }) => name);
      if (wanted.join() !== this.#subscribed.get(ENDPOINTS)?.join()) this.#ask(ENDPOINTS, wanted, "", "");
      if (!this.#subscribed.has(LISTENERS)) this.#ask(LISTENERS, [], "", "");
    } else if (typeUrl === LISTENERS) this.#becomeReady();
  }

  #ask(typeUrl: string, names: readonly string[], version: string, nonce: string): void {
    const isFirst = this.#subscribed.size === 0;
    this.#subscribed.set(typeUrl, names);
    const request = new WireWriter().optionalString(1, version);
    if (isFirst) request.bytes(2, this.#node());
    request.strings(3, names).string(4, typeUrl).optionalString(5, nonce);
    this.#stream.write(frame(request.finish()));
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

interface Response {
  readonly version: string;
  readonly typeUrl: string;
  readonly nonce: string;
  /** Bytes of the messages inside of the Anys. */
  readonly resources: readonly Uint8Array[];
}

function readResponse(message: Uint8Array): Response {
  const reader = new WireReader(message);
  let version = "";
  let typeUrl = "";
  let nonce = "";
  const resources: Uint8Array[] = [];
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === ((1 << 3) | BYTES)) version = reader.string();
    else if (tag === ((2 << 3) | BYTES)) resources.push(valueOf(reader.bytes()));
    else if (tag === ((4 << 3) | BYTES)) typeUrl = reader.string();
    else if (tag === ((5 << 3) | BYTES)) nonce = reader.string();
    else reader.skip(tag);
  }
  return { version, typeUrl, nonce, resources };
}

function valueOf(any: Uint8Array): Uint8Array {
  const reader = new WireReader(any);
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === ((2 << 3) | BYTES)) return reader.bytes();
    reader.skip(tag);
  }
  return new Uint8Array();
}

/** Every resource has its name in field 1; a Cluster its kind of discovery in field 2. */
function readNamed(resource: Uint8Array, typeUrl: string): { readonly name: string; readonly isEds: boolean } {
  const reader = new WireReader(resource);
  let name = "";
  let isEds = false;
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === ((1 << 3) | BYTES)) name = reader.string();
    else if (typeUrl === CLUSTERS && tag === ((2 << 3) | VARINT)) isEds = reader.varint() === EDS;
    else if (typeUrl !== CLUSTERS) break;
    else reader.skip(tag);
  }
  return { name, isEds };
}
