/**
 * The life of one proxy: settings, bootstrap, Envoy beside its readiness, until Envoy ends or a signal asks for a drain and a stop.
 * Source: kuma v2.14.3: app/kuma-dp/cmd/run.go.
 */

import { parseYaml11 } from "@isthmus/resources/yaml-documents";
import { createLogger, type Logger } from "@isthmus/runtime/log";
import { type Clock, errorMessage, type JsonValue, sleep, systemClock } from "@isthmus/std";
import { fetchBootstrap } from "./bootstrap/bootstrap-client.ts";
import { bootstrapRequest, featuresOf, type SystemFacts } from "./bootstrap/bootstrap-request.ts";
import { DNS_PATH, ProxyDns } from "./dns/proxy-dns.ts";
import { adminAddressOf, EnvoyAdmin } from "./envoy/envoy-admin.ts";
import { type EnvoyEnd, EnvoyProcess, envoyArguments } from "./envoy/envoy-process.ts";
import { refusalIn } from "./envoy/refusal.ts";
import { type EnvoyVersion, envoyVersion, findEnvoy } from "./envoy-binary.ts";
import { ProxyTelemetry } from "./proxy-telemetry.ts";
import { ReadinessServer, readinessHost } from "./readiness.ts";
import { type DpInputs, readInputs } from "./settings/read-inputs.ts";
import { type DpSettings, readSettings, type SettingSources } from "./settings/read-settings.ts";
import { StopSignals } from "./stop-signals.ts";
import { systemFacts } from "./system-facts.ts";
import { WorkFolder } from "./work-folder.ts";

const INVALID = 2;
const FAILED = 1;
/** After which the proxy counts as ready without names of the mesh. */
const NAMES_LIMIT_MS = 15_000;
const DRAIN = "/drain_listeners?inboundonly&graceful&skip_exit";

export interface RunOptions extends SettingSources {
  readonly readStdin: () => Promise<string>;
}

/**
 * Resolves with the exit code: 0 stopped on request, 2 the settings are invalid, that of Envoy when it ended by itself, else 1. Signals are
 * taken from this process, logs go to standard error.
 */
export async function runProxy(options: RunOptions): Promise<number> {
  const { settings, problems: wrong } = readSettings(options);
  const { inputs, problems: unreadable } = await readInputs(settings, options.readStdin);
  const binary = findEnvoy(settings.binaryPath, options.env);
  const problems = [...wrong, ...unreadable, ...(binary === undefined ? [noEnvoy(settings.binaryPath)] : [])];
  if (binary === undefined || problems.length > 0) return invalid(problems);
  const log = createLogger({ level: settings.logLevel, name: "dp" });
  const run = new ProxyRun(settings, inputs, binary, log, options.env);
  try {
    return await run.run();
  } catch (error) {
    log.fatal({ error: errorMessage(error) }, "cannot go on");
    return FAILED;
  } finally {
    await run.close();
  }
}

class ProxyRun {
  readonly #settings: DpSettings;
  readonly #inputs: DpInputs;
  readonly #binary: string;
  readonly #log: Logger;
  readonly #env: RunOptions["env"];
  readonly #clock: Clock = systemClock;
  readonly #readiness = new ReadinessServer();
  readonly #signals: StopSignals;
  #folder: WorkFolder | undefined;
  #envoy: EnvoyProcess | undefined;
  #admin: EnvoyAdmin | undefined;
  #telemetry: ProxyTelemetry | undefined;
  #dns: ProxyDns | undefined;
  #isDrained = false;

  constructor(settings: DpSettings, inputs: DpInputs, binary: string, log: Logger, env: RunOptions["env"]) {
    this.#settings = settings;
    this.#inputs = inputs;
    this.#binary = binary;
    this.#log = log;
    this.#env = env;
    this.#signals = new StopSignals({
      drain: () => void this.#drainAhead(),
      last: () => {
        this.#envoy?.kill();
        process.exit(FAILED);
      },
    });
  }

  async run(): Promise<number> {
    this.#signals.listen(process);
    const version = await envoyVersion(this.#binary);
    if (!version.ok) throw new Error(version.error);
    const { build, isCompatible } = version.value;
    if (!isCompatible) this.#log.warn({ build }, "this version of Envoy was not tested");
    this.#folder = WorkFolder.open(this.#settings.workDir);
    const readinessPort = await this.#listenForReadiness();
    const bootstrapFile = await this.#bootstrap(this.#folder, readinessPort, version.value);
    if (bootstrapFile === undefined) return 0;
    const envoy = this.#start(bootstrapFile, readinessPort);
    const end = await Promise.race([envoy.ended, aborted(this.#signals.stop)]);
    return end === undefined ? this.#stop(envoy) : this.#ended(end);
  }

  async close(): Promise<void> {
    this.#envoy?.kill();
    await this.#telemetry?.stop();
    await this.#dns?.stop();
    await this.#readiness.close();
    this.#folder?.remove();
  }

  async #listenForReadiness(): Promise<number> {
    const host = readinessHost(this.#inputs.resource?.address ?? "", this.#env["POD_NAME"] !== undefined);
    const { readinessPort } = this.#settings;
    try {
      return await this.#readiness.listen(host, readinessPort);
    } catch (error) {
      throw new Error(`readiness on ${host}:${readinessPort} (--readiness-port): ${errorMessage(error)}`, {
        cause: error,
      });
    }
  }

  /** The file; undefined: a signal came before there was a bootstrap. */
  async #bootstrap(folder: WorkFolder, readinessPort: number, envoy: EnvoyVersion): Promise<string | undefined> {
    const settings = this.#settings;
    const { resource, token, caCert } = this.#inputs;
    const { mesh, name, text = "" } = resource ?? { mesh: settings.mesh, name: settings.name };
    const tokenPath = token === "" ? "" : settings.tokenFile || folder.writeSecret("token", token);
    const system: SystemFacts = systemFacts(this.#env);
    const telemetry = new ProxyTelemetry({
      folder,
      mesh,
      name,
      refreshIntervalMs: settings.refreshIntervalMs,
      clock: this.#clock,
      log: this.#log,
    });
    this.#telemetry = telemetry;
    const hasLogPipe = telemetry.openLogs();
    const dnsPort = await this.#startDns();
    const { transparentProxy } = this.#inputs;
    const facts = {
      mesh,
      name,
      resource: text,
      token,
      tokenPath,
      caCert,
      workDir: folder.path,
      readinessPort,
      envoy,
      hasLogPipe,
      transparentProxy,
      dnsPort,
      system,
    };
    const from = settings.controlPlane.origin;
    this.#log.info(
      { mesh, name, proxyType: settings.proxyType, from, features: featuresOf(settings, facts) },
      "asking for a bootstrap",
    );
    if (settings.isVerificationSkipped)
      this.#log.warn("--skip-verify: the control plane's certificate is not verified");
    const answer = await fetchBootstrap(bootstrapRequest(settings, facts), {
      controlPlane: settings.controlPlane,
      caCert,
      systemCaPath: system.systemCaPath,
      isVerificationSkipped: settings.isVerificationSkipped,
      retryBackoffMs: settings.retryBackoffMs,
      retryMaxMs: settings.retryMaxMs,
      clock: this.#clock,
      signal: this.#signals.stop,
      onRetry: (reason) => this.#log.warn({ reason, retryInMs: settings.retryBackoffMs }, "no bootstrap yet"),
    });
    if (!answer.ok) {
      if (answer.error === undefined) return undefined;
      throw new Error(answer.error);
    }
    const document = parseYaml11(answer.value.bootstrap);
    if (!document.ok) throw new Error(`the bootstrap is unreadable: ${document.error}`);
    const admin = adminAddressOf(document.value);
    if (admin !== undefined) {
      this.#admin = new EnvoyAdmin(admin);
      const dns = this.#dns;
      const handlers = dns === undefined ? [] : [[DNS_PATH, (names: JsonValue) => dns.handle(names)] as const];
      await telemetry.start(this.#admin, answer.value.sidecar, new Map(handlers));
    }
    return folder.writeSecret("bootstrap.yaml", answer.value.bootstrap);
  }

  /** The port where names of the mesh are answered; 0: nowhere. */
  async #startDns(): Promise<number> {
    const { isDnsEnabled, dnsPort, proxyType } = this.#settings;
    const { transparentProxy, resource } = this.#inputs;
    const isTransparent = transparentProxy !== undefined || resource?.isTransparent === true;
    if (!isDnsEnabled || !isTransparent || proxyType !== "dataplane") return 0;
    const dns = new ProxyDns(dnsPort, transparentProxy, this.#log, () => this.#readiness.release());
    this.#dns = dns;
    this.#readiness.hold(NAMES_LIMIT_MS);
    try {
      return await dns.start();
    } catch (error) {
      throw new Error(`names of the mesh on port ${dnsPort} (--dns-proxy-port): ${errorMessage(error)}`, {
        cause: error,
      });
    }
  }

  #start(bootstrapFile: string, readinessPort: number): EnvoyProcess {
    const refusals = new Set<string>();
    const args = envoyArguments(bootstrapFile, this.#settings);
    const envoy = new EnvoyProcess(this.#binary, args, (line) => {
      process.stderr.write(`${line}\n`);
      const reason = refusalIn(line);
      if (reason === undefined || refusals.has(reason)) return;
      refusals.add(reason);
      this.#log.error({ reason }, "the control plane does not let this proxy in");
    });
    this.#envoy = envoy;
    if (this.#admin !== undefined) this.#readiness.follow(this.#admin);
    this.#log.info({ envoy: this.#binary, pid: envoy.pid, bootstrapFile, readinessPort }, "Envoy started");
    return envoy;
  }

  async #stop(envoy: EnvoyProcess): Promise<number> {
    this.#readiness.terminating();
    const { drainTimeMs } = this.#settings;
    if (this.#isDrained) this.#log.info("stopping, drained already");
    else if (await this.#post("/healthcheck/fail")) {
      await this.#post(DRAIN);
      this.#log.info({ drainTimeMs }, "draining");
      const end = await Promise.race([envoy.ended, sleep(this.#clock, drainTimeMs, this.#signals.hurry)]);
      if (end !== undefined) return this.#ended(end);
    }
    await envoy.stop();
    this.#log.info("stopped");
    return 0;
  }

  #ended({ code, signal }: EnvoyEnd): number {
    const how = signal === undefined ? { code } : { signal };
    this.#log[code === 0 ? "info" : "fatal"](how, "Envoy ended, and the runner with it");
    return code;
  }

  async #drainAhead(): Promise<void> {
    if (this.#isDrained || this.#envoy === undefined) return;
    this.#isDrained = await this.#post(DRAIN);
    if (this.#isDrained) this.#log.info("draining until a signal to stop");
  }

  /** False: Envoy does not answer, so there is nothing to wait for. */
  async #post(path: string): Promise<boolean> {
    try {
      await this.#admin?.post(path);
      return this.#admin !== undefined;
    } catch (error) {
      this.#log.warn({ path, error: errorMessage(error) }, "Envoy cannot be told to drain");
      return false;
    }
  }
}

function noEnvoy(wanted: string): string {
  return wanted.includes("/")
    ? `--binary-path ${wanted}: no executable file`
    : `--binary-path: there is no ${wanted} on PATH; \`node scripts/envoy-tool.mjs\` gets one for the repository`;
}

function invalid(problems: readonly string[]): number {
  process.stderr.write(`the proxy cannot be started:\n${problems.map((problem) => `  ${problem}\n`).join("")}`);
  return INVALID;
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}
