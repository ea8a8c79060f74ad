/** Clusters of the OpenTelemetry backends that loggers of one proxy send to, each once. Source: kuma v2.14.3: pkg/plugins/policies/meshaccesslog/plugin/xds. */
import type { JsonObject } from "@isthmus/std";
import { nameIn, type Proxy } from "@isthmus/topology";
import { systemName } from "../build/system-names.ts";
import type { Draft } from "../draft/draft.ts";
import { type Socket, TELEMETRY_PIPE_FEATURE } from "../proxy-traits.ts";
import { isUnified } from "../sidecar/inbounds.ts";
import { collectorCluster, collectorSocket } from "../telemetry/collector-cluster.ts";
import { type OtelBackend, otelBackendOf } from "../telemetry/otel-backend.ts";
import type { TelemetryPipe } from "../telemetry/telemetry-pipe.ts";
import type { Translation } from "../translation.ts";

export class LogCollectors {
  readonly #proxy: Proxy;
  readonly #translation: Translation;
  readonly #pipe: TelemetryPipe;
  readonly #draft: Draft;
  /** Names of clusters, by where they lead. */
  readonly #made = new Map<string, string>();

  constructor(proxy: Proxy, translation: Translation, pipe: TelemetryPipe, draft: Draft) {
    this.#proxy = proxy;
    this.#translation = translation;
    this.#pipe = pipe;
    this.#draft = draft;
  }

  /** `openTelemetry`: of a backend. Undefined: its reference leads nowhere. */
  clusterOf(openTelemetry: JsonObject): string | undefined {
    const { world, traits } = this.#translation;
    const backend = otelBackendOf(openTelemetry, this.#proxy.mesh, world);
    if (backend === undefined) {
      return this.#leaveOut("there is no MeshOpenTelemetryBackend with the labels of a backendRef");
    }
    const isPiped = backend.isResource && traits.features.has(TELEMETRY_PIPE_FEATURE);
    if (!isPiped && backend.collector.isHttp) {
      return this.#leaveOut(
        `${backend.name} takes logs over HTTP, which needs a runner with ${TELEMETRY_PIPE_FEATURE}`,
      );
    }
    const socket: Socket = isPiped
      ? { kind: "pipe", path: this.#pipe.add(backend, "logs") }
      : collectorSocket(backend.collector, traits);
    const key = JSON.stringify(socket);
    const made = this.#made.get(key) ?? this.#make(backend, socket);
    this.#made.set(key, made);
    return made;
  }

  /** Said once, however many places would log. */
  #leaveOut(reason: string): undefined {
    const problem = `MeshAccessLog: ${reason}`;
    if (!this.#draft.problems.includes(problem)) this.#draft.problems.push(problem);
    return undefined;
  }

  #make({ name }: OtelBackend, socket: Socket): string {
    const whose = socket.kind === "pipe" ? `otel_${name}` : `${socket.address}-${socket.port}`;
    const cluster = nameIn(isUnified(this.#proxy, this.#translation), {
      legacy: `meshaccesslog:opentelemetry:${this.#made.size}`,
      unified: systemName("meshaccesslog", whose),
    });
    this.#draft.clusters.push(
      collectorCluster(cluster, { kind: "system", origin: "meshaccesslog" }, socket, {
        isIpv6: this.#proxy.address.includes(":"),
        isHttp2: true,
      }),
    );
    return cluster;
  }
}
