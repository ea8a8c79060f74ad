/**
 * Metrics of Envoy and of the applications behind it as one answer, on the unix socket that the control plane leads Prometheus to.
 * Source: kuma v2.14.3: app/kuma-dp/pkg/dataplane/metrics.
 */

import { rmSync } from "node:fs";
import { createServer, get, type Server } from "node:http";
import { errorMessage } from "@isthmus/std";
import { onAnswerText } from "../answer-text.ts";
import type { EnvoyAdmin } from "../envoy/envoy-admin.ts";
import type { MetricsConfig, ScrapedApplication } from "./metrics-config.ts";
import { includesUnused, profileOf } from "./metrics-profile.ts";
import {
  escapeLabelValue,
  labelName,
  type MetricFamily,
  mergeFamilies,
  parseMetrics,
  renderMetrics,
  withLabels,
} from "./prometheus-text.ts";

const SCRAPE_TIMEOUT_MS = 5_000;
const TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8";
const ANSWER_MAX_BYTES = 64 * 1024 * 1024;

export interface MetricsServerOptions {
  readonly socket: string;
  readonly admin: Pick<EnvoyAdmin, "get">;
  /** A source that gave nothing: the others are still given out. */
  readonly onFailed: (source: string, reason: string) => void;
}

export class MetricsServer {
  readonly #options: MetricsServerOptions;
  readonly #server: Server;
  #config: MetricsConfig;

  constructor(options: MetricsServerOptions, config: MetricsConfig) {
    this.#options = options;
    this.#config = config;
    this.#server = createServer((_request, response) => {
      this.metrics().then(
        (text) => response.writeHead(200, { "content-type": TEXT_FORMAT }).end(text),
        () => response.destroy(),
      );
    });
  }

  /** From the next request on. */
  configure(config: MetricsConfig): void {
    this.#config = config;
  }

  async listen(): Promise<void> {
    // One that an earlier run left behind.
    rmSync(this.#options.socket, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.#options.socket, resolve);
    });
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async metrics(): Promise<string> {
    const labels = new Map(
      [...this.#config.labels].map(([name, value]) => [labelName(name), escapeLabelValue(value)] as const),
    );
    return renderMetrics((await this.families()).map((family) => withLabels(family, labels)));
  }

  /** Without the labels that all get. */
  async families(): Promise<readonly MetricFamily[]> {
    const { applications, sidecar } = this.#config;
    const profile = profileOf(sidecar);
    const query = `format=prometheus&text_readouts${includesUnused(sidecar) ? "" : "&usedonly"}`;
    const envoy = this.#ask("envoy", async () => {
      const { status, body } = await this.#options.admin.get(`/stats?${query}`, { timeoutMs: SCRAPE_TIMEOUT_MS });
      if (status !== 200) throw new Error(`answered with ${status}`);
      return body.toString();
    });
    const own = applications.map((each) => this.#ask(each.name || each.path, () => scrape(each)));
    const [ofEnvoy, ...ofApplications] = await Promise.all([envoy, ...own]);
    const chosen = ofEnvoy.map(profile).filter((family) => family !== undefined);
    return mergeFamilies([...ofApplications, chosen]);
  }

  async #ask(source: string, fetchText: () => Promise<string>): Promise<readonly MetricFamily[]> {
    try {
      return parseMetrics(await fetchText());
    } catch (error) {
      this.#options.onFailed(source, errorMessage(error));
      return [];
    }
  }
}

function scrape({ address, port, path }: ScrapedApplication): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { accept: TEXT_FORMAT };
    const call = get({ host: address, port, path, headers, agent: false, timeout: SCRAPE_TIMEOUT_MS }, (response) => {
      if (response.statusCode !== 200) return void call.destroy(new Error(`answered with ${response.statusCode}`));
      response.once("error", reject);
      onAnswerText(call, response, ANSWER_MAX_BYTES, (text) => resolve(text));
    });
    call.once("timeout", () => call.destroy(new Error(`no answer within ${SCRAPE_TIMEOUT_MS} ms`)));
    call.once("error", reject);
  });
}
