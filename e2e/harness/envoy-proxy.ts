/** A real Envoy of a test, run by `isthmus dp run` or the real kuma-dp with the resource that stands for it. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import type { JsonObject } from "@isthmus/std";
import { envoyBinary, eventually, freePorts } from "@isthmus/testkit";
import { socketPath } from "@isthmus/xds/socket-path";
import { COMMAND, type ControlPlane } from "./control-plane.ts";
import { KUMA_BIN } from "./kuma.ts";

export const ENVOY = envoyBinary();

export interface EnvoyProxyOptions {
  /** Ours or Kuma's. */
  readonly zone: Pick<ControlPlane, "folder" | "restUrl">;
  readonly dpPort: number;
  readonly proxyType: "dataplane" | "ingress" | "egress";
  /** As REST takes it. */
  readonly resource: JsonObject & { readonly name: string };
  /** Where it is expected to listen, in the end. */
  readonly listens: { readonly address: string; readonly port: number };
  /** Undefined: one that a dataplane gets from the zone; zone ingresses and egresses come without. */
  readonly token?: string;
  /** By default ours. */
  readonly runner?: "kuma-dp";
  /** Further flags, without dashes. */
  readonly flags?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export class EnvoyProxy {
  readonly name: string;
  readonly readinessUrl: string;
  /** Undefined: it runs. */
  exitCode: number | NodeJS.Signals | undefined;
  readonly #options: EnvoyProxyOptions;
  readonly #folder: string;
  readonly #readinessPort: number;
  #child: ChildProcess | undefined;

  private constructor(options: EnvoyProxyOptions, readinessPort: number) {
    this.#options = options;
    this.name = options.resource.name;
    this.#folder = join(options.zone.folder, "proxies", this.name);
    this.#readinessPort = readinessPort;
    this.readinessUrl = `http://127.0.0.1:${readinessPort}/ready`;
  }

  static async create(options: EnvoyProxyOptions): Promise<EnvoyProxy> {
    const [adminPort = 0, readinessPort = 0] = await freePorts(2);
    const resource = { ...options.resource, ...adminOf(options.resource, adminPort) };
    return new EnvoyProxy({ ...options, resource }, readinessPort);
  }

  /** Resolves when it listens where it should. */
  static async start(options: EnvoyProxyOptions): Promise<EnvoyProxy> {
    const proxy = await EnvoyProxy.create(options);
    await proxy.spawn();
    await proxy.listening();
    return proxy;
  }

  async spawn(): Promise<void> {
    const { zone, dpPort, proxyType, resource } = this.#options;
    mkdirSync(this.#folder, { recursive: true });
    const resourceFile = join(this.#folder, "resource.json");
    writeFileSync(resourceFile, JSON.stringify(resource));
    const token = this.#options.token ?? (await this.#token());
    const tokenFile = join(this.#folder, "token");
    writeFileSync(tokenFile, token);
    const settings: Readonly<Record<string, string>> = {
      "cp-address": `https://127.0.0.1:${dpPort}`,
      "ca-cert-file": join(zone.folder, "kuma-cp.crt"),
      "proxy-type": proxyType,
      "dataplane-file": resourceFile,
      ...(token === "" ? {} : { "dataplane-token-file": tokenFile }),
      "binary-path": ENVOY ?? "",
      "work-dir": this.#folder,
      concurrency: "1",
      "drain-time": "1s",
      "envoy-log-level": "warn",
      ...this.#options.flags,
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    const log = openSync(this.#logFile, "a");
    const env = { ...process.env, KUMA_READINESS_PORT: String(this.#readinessPort), ...this.#options.env };
    // By default it looks for a CoreDNS; with a port of its own it answers itself.
    const dns = "KUMA_DNS_PROXY_PORT" in env ? [] : ["--dns-enabled=false"];
    const [command, ...args] =
      this.#options.runner === "kuma-dp"
        ? [join(KUMA_BIN ?? "", "kuma-dp"), "run", ...dns, ...flags]
        : [process.execPath, COMMAND, "dp", "run", ...flags];
    const child = spawn(command, args, { env, stdio: ["ignore", log, log] });
    running.add(child);
    this.exitCode = undefined;
    child.once("exit", (code, signal) => {
      running.delete(child);
      this.exitCode = code ?? signal ?? 1;
    });
    this.#child = child;
  }

  async listening(): Promise<void> {
    const { address, port } = this.#options.listens;
    await eventually(() => this.exitCode !== undefined || accepts(address, port), {
      timeoutMs: 120_000,
      what: () => `${this.name} listening on ${address}:${port}\n${this.log()}`,
    });
    if (this.exitCode !== undefined) throw new Error(`${this.name} ended with ${this.exitCode}\n${this.log()}`);
  }

  log(): string {
    return readFileSync(this.#logFile, "utf8");
  }

  /** Unix socket of Envoy's admin interface. */
  get adminSocket(): string {
    return socketPath(this.#folder, "kuma-envoy-admin");
  }

  /** Process id of the Envoy, of the last one; 0: none was started. */
  get envoyPid(): number {
    return Number([...this.log().matchAll(/"pid":(\d+)[^\n]*"Envoy started"/g)].at(-1)?.[1] ?? 0);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill(signal);
    return ended;
  }

  get #logFile(): string {
    return join(this.#folder, "dp.log");
  }

  async #token(): Promise<string> {
    const { zone, proxyType, resource } = this.#options;
    return proxyType === "dataplane" ? issueToken(zone, "dataplane", { name: resource.name, mesh: resource.mesh }) : "";
  }
}

export async function issueToken(
  controlPlane: Pick<ControlPlane, "restUrl">,
  kind: "dataplane" | "zone",
  what: Readonly<Record<string, unknown>>,
): Promise<string> {
  const answer = await fetch(`${controlPlane.restUrl}/tokens/${kind}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(what),
  });
  if (!answer.ok) throw new Error(`no token: ${await answer.text()}`);
  return answer.text();
}

/** Ports of one machine's proxies must differ. */
function adminOf(resource: JsonObject, port: number): JsonObject {
  const networking = resource.networking;
  return { networking: { ...(networking as JsonObject), admin: { port } } };
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
