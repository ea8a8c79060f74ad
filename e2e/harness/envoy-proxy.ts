/** A real Envoy of a test: bootstrapped by a zone as kuma-dp does it, with the resource that stands for it. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { request } from "node:https";
import { connect } from "node:net";
import { join } from "node:path";
import type { JsonObject } from "@isthmus/std";
import { envoyBinary, eventually, freePorts } from "@isthmus/testkit";
import type { ControlPlane } from "./control-plane.ts";

export const ENVOY = envoyBinary();

export interface EnvoyProxyOptions {
  readonly zone: ControlPlane;
  readonly dpPort: number;
  readonly proxyType: "dataplane" | "ingress" | "egress";
  /** As REST takes it. */
  readonly resource: JsonObject & { readonly name: string };
  /** Where it is expected to listen, in the end. */
  readonly listens: { readonly address: string; readonly port: number };
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export class EnvoyProxy {
  readonly name: string;
  readonly #options: EnvoyProxyOptions;
  #child: ChildProcess | undefined;

  private constructor(options: EnvoyProxyOptions) {
    this.#options = options;
    this.name = options.resource.name;
  }

  /** Resolves when it listens where it should. */
  static async start(options: EnvoyProxyOptions): Promise<EnvoyProxy> {
    const proxy = new EnvoyProxy(options);
    await proxy.spawn();
    await proxy.listening();
    return proxy;
  }

  async spawn(): Promise<void> {
    const { zone, dpPort, proxyType, resource } = this.#options;
    const folder = join(zone.folder, "proxies", this.name);
    mkdirSync(folder, { recursive: true });
    const [adminPort = 0, readinessPort = 0] = await freePorts(2);
    const ca = readFileSync(join(zone.folder, "kuma-cp.crt"), "utf8");
    const bootstrap = await post(dpPort, ca, {
      mesh: typeof resource.mesh === "string" ? resource.mesh : "",
      name: resource.name,
      proxyType,
      dataplaneToken: await this.#token(),
      dataplaneResource: JSON.stringify({ ...resource, ...adminOf(resource, adminPort) }),
      caCert: ca,
      workdir: folder,
      readinessPort,
      ipv6Enabled: false,
      features: ["feature-reuse-port"],
      version: { kumaDp: { version: "2.14.3" }, envoy: { version: "1.40.0", kumaDpCompatible: true } },
    });
    const file = join(folder, "bootstrap.yaml");
    writeFileSync(file, bootstrap);
    const args = ["-c", file, "--use-dynamic-base-id", "--concurrency", "1", "--log-level", "warn"];
    const child = spawn(ENVOY ?? "", [...args, "--drain-time-s", "1"], { stdio: ["ignore", "pipe", "pipe"] });
    running.add(child);
    child.once("exit", () => running.delete(child));
    this.#child = child;
    const log = await open(join(folder, "envoy.log"), "a");
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (data: Buffer) => void log.appendFile(data));
    child.once("close", () => void log.close());
  }

  listening(): Promise<unknown> {
    const { address, port } = this.#options.listens;
    return eventually(() => accepts(address, port), {
      timeoutMs: 60_000,
      what: `${this.name} listening on ${address}:${port}`,
    });
  }

  kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill(signal);
    return ended;
  }

  async #token(): Promise<string> {
    const { zone, proxyType, resource } = this.#options;
    if (proxyType !== "dataplane") return "";
    const answer = await fetch(`${zone.restUrl}/tokens/dataplane`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: resource.name, mesh: resource.mesh }),
    });
    if (!answer.ok) throw new Error(`no token: ${await answer.text()}`);
    return answer.text();
  }
}

/** Ports of one machine's proxies must differ. */
function adminOf(resource: JsonObject, port: number): JsonObject {
  const networking = resource.networking;
  return { networking: { ...(networking as JsonObject), admin: { port } } };
}

function post(port: number, ca: string, body: JsonObject): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        host: "127.0.0.1",
        port,
        path: "/bootstrap",
        method: "POST",
        ca,
        headers: { "content-type": "application/json" },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          if (response.statusCode === 200) resolve(text);
          else reject(new Error(`bootstrap: ${response.statusCode} ${text}`));
        });
      },
    );
    call.once("error", reject);
    call.end(JSON.stringify(body));
  });
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
