/**
 * The data-plane server of a zone, port 5678: bootstrap over HTTP/1.1, configurations and health reports over gRPC, one TLS
 * certificate for all.
 */
import type { RequestListener } from "node:http";
import { GrpcServer, type ServerTls, SharedPort } from "@isthmus/grpc-kit";
import type { Service } from "@isthmus/std";
import { AdsService, type AdsServiceOptions } from "../ads/ads-service.ts";

/** One stream takes little; a proxy has two, on one connection. */
const MAX_STREAMS_PER_CONNECTION = 100;
/** A proxy lists some hundred extensions of its Envoy, and all the names that it subscribes to. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
/** A response is built when the one before is acknowledged, so this only bounds what several types send at once. */
const HIGH_WATER_BYTES = 1024 * 1024;

export interface XdsServerOptions extends AdsServiceOptions {
  readonly address: string;
  /** 0 takes a free one, see `port`. */
  readonly port: number;
  /** Name of the setting that chose the port, for the message when it is busy. */
  readonly portSetting: string;
  readonly tls: ServerTls;
  /** Answers requests over HTTP/1.1. */
  readonly http: RequestListener;
  /** How long `stop` waits for streams to end by themselves. */
  readonly drainMs?: number;
  /** Further services on the same port, such as HDS. */
  readonly services?: readonly XdsService[];
}

/** A gRPC service beside ADS. */
export interface XdsService {
  register(server: GrpcServer): void;
  /** Ends all its streams. */
  stop(): void;
}

export class XdsServer implements Service {
  readonly name = "dp-server";
  readonly ads: AdsService;
  readonly #services: readonly XdsService[];
  readonly #port: SharedPort;

  constructor(options: XdsServerOptions) {
    const { address, port, portSetting, tls, http, clock, onEvent, drainMs, services = [] } = options;
    const grpc = new GrpcServer({
      name: this.name,
      clock,
      maxMessageBytes: MAX_MESSAGE_BYTES,
      sharesMessageBuffer: true,
      highWaterBytes: HIGH_WATER_BYTES,
      maxStreamsPerConnection: MAX_STREAMS_PER_CONNECTION,
      ...(drainMs === undefined ? {} : { drainMs }),
      onError: (error, path) => onEvent({ kind: "defect", where: path, error }),
    });
    this.ads = new AdsService(options);
    this.#services = [this.ads, ...services];
    for (const service of this.#services) service.register(grpc);
    this.#port = new SharedPort({ name: this.name, address, port, portSetting, tls, grpc, http, clock });
  }

  /** The port listened on, once started. */
  get port(): number {
    return this.#port.port;
  }

  /** Rejects with a `ListenError` that names port and setting. */
  start(): Promise<void> {
    return this.#port.start();
  }

  /** Exchanges certificate and key; connections made from now on see them. */
  updateTls(tls: ServerTls): void {
    this.#port.updateTls(tls);
  }

  async stop(): Promise<void> {
    for (const service of this.#services) service.stop();
    await this.#port.stop();
  }
}
