/**
 * Metrics for collectors of OpenTelemetry, each by its own interval, through the socket that Envoy has for it.
 * Source: kuma v2.14.3: app/kuma-dp/pkg/dataplane/meshmetrics/component.go.
 */
import { KUMA_VERSION } from "@isthmus/runtime/identity";
import { type Clock, errorMessage, type TimerHandle } from "@isthmus/std";
import { callGrpc } from "./grpc-call.ts";
import type { MetricsConfig, OtlpTarget } from "./metrics-config.ts";
import { EXPORT_PATH, exportRequest } from "./otlp-message.ts";
import type { MetricFamily } from "./prometheus-text.ts";

const TIMEOUT_MS = 10_000;

export interface OtlpExportsOptions {
  readonly gather: () => Promise<readonly MetricFamily[]>;
  readonly clock: Clock;
  /** A collector that takes nothing; the next interval tries again. */
  readonly onFailed: (target: string, reason: string) => void;
}

export class OtlpExports {
  readonly #options: OtlpExportsOptions;
  readonly #running = new Map<string, { readonly target: OtlpTarget; timer: TimerHandle }>();
  #attributes: ReadonlyMap<string, string> = new Map();

  constructor(options: OtlpExportsOptions) {
    this.#options = options;
  }

  configure({ exports, labels }: MetricsConfig): void {
    this.#attributes = labels;
    for (const [name, { target, timer }] of this.#running) {
      const next = exports.find((each) => each.name === name);
      if (next?.socket === target.socket && next.intervalMs === target.intervalMs) continue;
      timer.cancel();
      this.#running.delete(name);
    }
    for (const target of exports) if (!this.#running.has(target.name)) this.#schedule(target);
  }

  stop(): void {
    for (const { timer } of this.#running.values()) timer.cancel();
    this.#running.clear();
  }

  #schedule(target: OtlpTarget): void {
    const { clock } = this.#options;
    const timer = clock.setTimeout(() => {
      void this.#export(target).finally(() => {
        if (this.#running.get(target.name)?.timer === timer) this.#schedule(target);
      });
    }, target.intervalMs);
    this.#running.set(target.name, { target, timer });
  }

  async #export({ name, socket }: OtlpTarget): Promise<void> {
    const { gather, clock, onFailed } = this.#options;
    try {
      const context = { nowMs: clock.now(), version: KUMA_VERSION, attributes: this.#attributes };
      await callGrpc(socket, EXPORT_PATH, exportRequest(await gather(), context), TIMEOUT_MS);
    } catch (error) {
      onFailed(name, errorMessage(error));
    }
  }
}
