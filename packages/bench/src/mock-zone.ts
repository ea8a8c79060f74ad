/**
 * A zone as the wire sees it, on raw HTTP/2: one TLS connection, both sync streams and the three admin streams, a wildcard
 * subscription per type, ACK by nonce. It knows nothing of the system that it drives, so that the same generator can drive
 * a real kuma-cp.
 */
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import {
  decodeDeltaRequest,
  decodeDeltaResponse,
  encodeDeltaRequest,
  encodeDeltaResponse,
  encodeKumaResource,
  encodeResourceChunk,
} from "@isthmus/proto";
import { FrameReader, frame } from "./grpc-frames.ts";
import { TYPES_TOWARDS_ZONES } from "./synced-types.ts";

const SYNC = "/kuma.mesh.v1alpha1.KDSSyncService";
const ADMIN = "/kuma.mesh.v1alpha1.GlobalKDSService";
const WINDOW_BYTES = 16 * 1024 * 1024;
const FEATURES = [
  "zone-token",
  "hash-suffix",
  "hg-mz-selector",
  "producer-policy-flow",
  "optional-top-level-target-ref",
];

export interface MockZoneOptions {
  /** `https://127.0.0.1:5685` */
  readonly url: string;
  readonly name: string;
  /** A response arrived; `at` is monotonic milliseconds. */
  readonly onResponse?: (type: string, names: readonly string[], removed: readonly string[], at: number) => void;
}

interface Upload {
  readonly name: string;
  readonly chunk: Uint8Array;
}

export class MockZone {
  readonly name: string;
  /** Bytes of responses received. */
  receivedBytes = 0;
  /** Resources held per type, by wire name. */
  readonly held = new Map<string, Set<string>>();
  readonly #options: MockZoneOptions;
  readonly #firstResponses = new Set<string>();
  readonly #uploads = new Map<string, { upserts: Upload[]; removed: string[] }>();
  readonly #asked = new Set<string>();
  readonly #inFlight = new Set<string>();
  #session: ClientHttp2Session | undefined;
  #upstream: ClientHttp2Stream | undefined;
  #uploadNonce = 0;
  #allTypes: (() => void) | undefined;
  #onAcked: (() => void) | undefined;

  constructor(options: MockZoneOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** Resolves when the first response of every type has arrived. */
  async connect(): Promise<void> {
    const session = connect(this.#options.url, {
      rejectUnauthorized: false,
      settings: { initialWindowSize: WINDOW_BYTES, enablePush: false },
    });
    this.#session = session;
    await new Promise<void>((resolve, reject) => {
      session.once("connect", () => resolve());
      session.once("error", reject);
    });
    session.on("error", () => {});
    session.setLocalWindowSize(WINDOW_BYTES);
    const complete = new Promise<void>((resolve) => {
      this.#allTypes = resolve;
    });
    const down = this.#open(`${SYNC}/GlobalToZoneSync`, (message) => this.#onDown(down, message));
    this.#upstream = this.#open(`${SYNC}/ZoneToGlobalSync`, (message) => this.#onUp(message));
    for (const method of ["StreamXDSConfigs", "StreamStats", "StreamClusters"])
      this.#open(`${ADMIN}/${method}`, () => {});
    for (const type of TYPES_TOWARDS_ZONES) {
      down.write(frame(encodeDeltaRequest({ node: this.#node(true), typeUrl: type, subscribe: ["*"] })));
    }
    await complete;
  }

  /** Sends MeshServices up; resolves when the global has acknowledged all of it. */
  async uploadMeshServices(
    services: readonly { name: string; spec: object }[],
    removed: readonly string[] = [],
  ): Promise<void> {
    const pending = this.#pending("MeshService");
    for (const service of services) pending.upserts.push(this.#meshService(service.name, service.spec));
    pending.removed.push(...removed.map((name) => `${name}.default`));
    const acked = new Promise<void>((resolve) => {
      this.#onAcked = resolve;
    });
    this.#flush("MeshService");
    await acked;
  }

  close(): void {
    this.#session?.destroy();
  }

  #open(path: string, onMessage: (message: Buffer) => void): ClientHttp2Stream {
    if (!this.#session) throw new Error("not connected");
    const stream = this.#session.request({
      [constants.HTTP2_HEADER_METHOD]: "POST",
      [constants.HTTP2_HEADER_PATH]: path,
      "content-type": "application/grpc",
      te: "trailers",
      "client-id": this.name,
      features: "zone-ping-health, hash-suffix",
      "kds-version": "v3",
      version: "2.14.3",
    });
    const reader = new FrameReader(onMessage);
    stream.on("data", (chunk: Buffer) => reader.push(chunk));
    stream.on("error", () => {});
    return stream;
  }

  #node(full: boolean) {
    if (!full) return { id: this.name };
    return {
      id: this.name,
      metadata: {
        version: { kumaCp: { version: "2.14.3", gitTag: "v2.14.3", gitCommit: "bench", buildDate: "bench" } },
        config: '{"store":{"type":"memory"}}',
        "control-plane-id": `${this.name}-0000`,
        features: FEATURES,
      },
    };
  }

  #onDown(stream: ClientHttp2Stream, message: Buffer): void {
    const at = performance.now();
    const decoded = decodeDeltaResponse(message);
    if (!decoded.ok) throw new Error(decoded.error);
    const { typeUrl, nonce, resources, removed } = decoded.value;
    stream.write(frame(encodeDeltaRequest({ node: this.#node(false), typeUrl, responseNonce: nonce })));
    this.receivedBytes += message.length;
    let held = this.held.get(typeUrl);
    if (!held) this.held.set(typeUrl, (held = new Set()));
    const names = resources.map((resource) => resource.name);
    for (const name of names) held.add(name);
    for (const name of removed) held.delete(name);
    this.#options.onResponse?.(typeUrl, names, removed, at);
    this.#firstResponses.add(typeUrl);
    if (this.#firstResponses.size === TYPES_TOWARDS_ZONES.length) this.#allTypes?.();
  }

  #onUp(message: Buffer): void {
    const decoded = decodeDeltaRequest(message);
    if (!decoded.ok) throw new Error(decoded.error);
    const { typeUrl, responseNonce } = decoded.value;
    if (responseNonce === "") {
      this.#asked.add(typeUrl);
      this.#send(typeUrl);
      return;
    }
    this.#inFlight.delete(typeUrl);
    const pending = this.#uploads.get(typeUrl);
    if (pending && pending.upserts.length + pending.removed.length > 0) this.#send(typeUrl);
    else if (typeUrl === "MeshService") this.#onAcked?.();
  }

  #flush(type: string): void {
    if (this.#asked.has(type) && !this.#inFlight.has(type)) this.#send(type);
  }

  #send(type: string): void {
    const { upserts, removed } = this.#pending(type);
    this.#uploads.delete(type);
    this.#uploadNonce += 1;
    this.#inFlight.add(type);
    this.#upstream?.write(
      frame(
        encodeDeltaResponse({
          typeUrl: type,
          nonce: String(this.#uploadNonce),
          controlPlane: this.name,
          chunks: upserts.map((upload) => upload.chunk),
          removed,
        }),
      ),
    );
  }

  #pending(type: string): { upserts: Upload[]; removed: string[] } {
    let pending = this.#uploads.get(type);
    if (!pending) this.#uploads.set(type, (pending = { upserts: [], removed: [] }));
    return pending;
  }

  #meshService(name: string, spec: object): Upload {
    const kumaResourceBytes = encodeKumaResource({
      name,
      mesh: "default",
      labels: {
        "kuma.io/display-name": name,
        "kuma.io/env": "universal",
        "kuma.io/mesh": "default",
        "kuma.io/origin": "zone",
        "kuma.io/zone": this.name,
      },
      specTypeUrl: "",
      specBytes: Buffer.from(JSON.stringify(spec)),
      statusBytes: Buffer.from("{}"),
    });
    return { name, chunk: encodeResourceChunk({ name: `${name}.default`, version: `${name}-v`, kumaResourceBytes }) };
  }
}
