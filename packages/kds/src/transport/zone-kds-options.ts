/** What a ZoneKdsClient is made of. */
import type { CallObserver, ClientTls } from "@isthmus/grpc-kit";
import type { Registry } from "@isthmus/resources";
import type { BackoffOptions, Clock, Random, Result } from "@isthmus/std";
import type { OpenApplier } from "../apply/batch-applier.ts";
import type { Outbox } from "../feed/outbox.ts";
import type { NodeIdentity } from "../wire/node.ts";
import type { AnswerAdmin } from "./admin-responder.ts";
import type { OnKdsEvent } from "./kds-events.ts";
import type { HoldsFeed } from "./receiver-stream.ts";
import type { StuckPolicy } from "./sender-stream.ts";

/** What a zone shows its global to prove that it is the zone. */
export interface ZoneProof {
  /** The header of that name. */
  readonly authorization?: string;
  /** PEM; shown where the global asks for a certificate. */
  readonly certificate?: string;
  readonly privateKey?: string;
}

export interface ZoneKdsClientOptions {
  readonly registry: Registry;
  /** With role `zone`, started. */
  readonly outbox: Outbox;
  readonly openApplier: OpenApplier;
  readonly holds?: HoldsFeed;
  /** Of the zone's store. */
  readonly historyId: string;
  /** `grpc://host:port` or `grpcs://host:port`. */
  readonly address: string;
  /** Only with `grpcs`: pinned CA, or no verification. Absent: the system's roots. */
  readonly tls?: ClientTls;
  /** Asked for each connection, so that a new token counts without a restart; an error is why there is none. */
  readonly proof?: () => Promise<Result<ZoneProof, string>>;
  /** Name, instance, version and configuration that the global is told. */
  readonly node: NodeIdentity;
  readonly clock: Clock;
  readonly random: Random;
  readonly onEvent: OnKdsEvent;
  /** In both directions, after decompression. Default: Kuma's 10 MiB. */
  readonly maxMessageBytes?: number;
  /** Default: Kuma's, 5 s doubling up to 60 s, moved by up to 5 s, reset by a run of 60 s. */
  readonly backoff?: BackoffOptions;
  /** Compress what is sent, as Kuma's zones do. */
  readonly gzip?: boolean;
  /** Default: no proxy is known. */
  readonly answerAdmin?: AnswerAdmin;
  readonly stuck?: StuckPolicy;
  /** Bytes on their way on one stream at which its session waits. */
  readonly highWaterBytes?: number;
  /** For metrics. */
  readonly observeCalls?: CallObserver;
}
