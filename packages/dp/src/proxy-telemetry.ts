/** What the runner does for the metrics and logs of its proxy, beside Envoy. */
import type { Logger } from "@isthmus/runtime/log";
import { type Clock, errorMessage, isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import { AccessLogs } from "./access-logs.ts";
import { DynamicConfig } from "./dynamic-config.ts";
import type { EnvoyAdmin } from "./envoy/envoy-admin.ts";
import { metricsFromBootstrap, metricsFromDocument } from "./metrics/metrics-config.ts";
import { MetricsServer } from "./metrics/metrics-server.ts";
import { OtlpExports } from "./metrics/otlp-exports.ts";
import type { WorkFolder } from "./work-folder.ts";

const METRICS_PATH = "/meshmetric";

export interface ProxyTelemetryOptions {
  readonly folder: WorkFolder;
  readonly mesh: string;
  readonly name: string;
  readonly refreshIntervalMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

export class ProxyTelemetry {
  readonly #options: ProxyTelemetryOptions;
  readonly #logs: AccessLogs;
  #metrics: MetricsServer | undefined;
  #exports: OtlpExports | undefined;
  #documents: DynamicConfig | undefined;

  constructor(options: ProxyTelemetryOptions) {
    this.#options = options;
    const { folder, name, mesh, log } = options;
    this.#logs = new AccessLogs({
      pipe: folder.socket(`kuma-al-${name}-${mesh}`),
      onLost: (address, reason) => log.warn({ address, reason }, "access logs are lost"),
    });
  }

  /** Before Envoy is started. Whether there is a named pipe for logs. */
  openLogs(): boolean {
    try {
      this.#logs.start();
      return true;
    } catch (error) {
      this.#options.log.warn({ error: errorMessage(error) }, "no named pipe for access logs over TCP");
      return false;
    }
  }

  /**
   * @param sidecar the part of a bootstrap answer that is for the runner
   * @param handlers of further documents of the control plane, by path
   */
  async start(
    admin: EnvoyAdmin,
    sidecar: JsonObject,
    handlers: ReadonlyMap<string, (document: JsonValue) => void>,
  ): Promise<void> {
    const { folder, mesh, name, refreshIntervalMs, clock, log } = this.#options;
    const metrics = new MetricsServer(
      {
        socket: folder.socket(`kuma-mh-${name}-${mesh}`),
        admin,
        onFailed: (source, reason) => log.warn({ source, reason }, "metrics are not to be had"),
      },
      metricsFromBootstrap(sidecar),
    );
    this.#metrics = metrics;
    const exports = new OtlpExports({
      gather: () => metrics.families(),
      clock,
      onFailed: (target, reason) => log.warn({ target, reason }, "metrics cannot be sent"),
    });
    this.#exports = exports;
    await metrics.listen();
    const networking = sidecar["networking"];
    const address = isJsonObject(networking) ? networking["address"] : undefined;
    const defaultAddress = typeof address === "string" ? address : "";
    this.#documents = new DynamicConfig({
      socket: folder.socket("kuma-mesh-metric-config"),
      intervalMs: refreshIntervalMs,
      clock,
      handlers: new Map([
        ...handlers,
        [
          METRICS_PATH,
          (document) => {
            const config = metricsFromDocument(document, defaultAddress);
            metrics.configure(config);
            exports.configure(config);
          },
        ],
      ]),
      onFailed: (path, reason) => log.warn({ path, reason }, "a document for the runner is not to be had"),
    });
    this.#documents.start();
  }

  async stop(): Promise<void> {
    this.#documents?.stop();
    this.#exports?.stop();
    this.#logs.stop();
    await this.#metrics?.close();
  }
}
