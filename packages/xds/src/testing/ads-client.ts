/** A plain client of one ADS stream: sends what a test says, keeps what comes. For tests. */
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type ClientStream, GrpcConnection, type GrpcStatus, Metadata } from "@isthmus/grpc-kit";
import {
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema,
  DiscoveryRequestSchema,
  type DiscoveryResponse,
  DiscoveryResponseSchema,
} from "@isthmus/proto/envoy/service/discovery/v3/discovery";
import { eventually } from "@isthmus/testkit";

const SERVICE = "/envoy.service.discovery.v3.AggregatedDiscoveryService";

export class AdsClient {
  readonly states: DiscoveryResponse[] = [];
  readonly deltas: DeltaDiscoveryResponse[] = [];
  status: GrpcStatus | undefined;
  readonly #connection: GrpcConnection;
  readonly #stream: ClientStream;

  constructor(options: { port: number; ca: string; variant?: "state" | "delta"; authorization?: string }) {
    const { port, ca, variant = "state", authorization } = options;
    this.#connection = new GrpcConnection({ address: `grpcs://127.0.0.1:${port}`, tls: { ca } });
    const metadata = new Metadata();
    if (authorization !== undefined) metadata.set("authorization", authorization);
    const method = variant === "state" ? "StreamAggregatedResources" : "DeltaAggregatedResources";
    this.#stream = this.#connection.bidi(`${SERVICE}/${method}`, metadata, {
      message: (bytes) => {
        if (variant === "state") this.states.push(fromBinary(DiscoveryResponseSchema, bytes));
        else this.deltas.push(fromBinary(DeltaDiscoveryResponseSchema, bytes));
      },
      closed: (status) => {
        this.status = status;
      },
    });
  }

  raw(bytes: Uint8Array): void {
    this.#stream.writer.write(Buffer.from(bytes));
  }

  state(request: MessageInitShape<typeof DiscoveryRequestSchema>): void {
    this.raw(toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, request)));
  }

  delta(request: MessageInitShape<typeof DeltaDiscoveryRequestSchema>): void {
    this.raw(toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, request)));
  }

  /** The response of this number, 0 being the first. */
  stateAt(index: number): Promise<DiscoveryResponse> {
    return eventually(() => this.states[index], { what: `response ${index}` });
  }

  deltaAt(index: number): Promise<DeltaDiscoveryResponse> {
    return eventually(() => this.deltas[index], { what: `response ${index}` });
  }

  ended(): Promise<GrpcStatus> {
    return eventually(() => this.status, { what: "end of the stream" });
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}
