/** A real kuma-cp as a peer, where KUMA_BIN names a folder that has one. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { ApiClient } from "@isthmus/api";
import { eventually, freePorts } from "@isthmus/testkit";

export const KUMA_BIN = process.env["KUMA_BIN"];

export interface KumaOptions {
  readonly folder: string;
  /** Present: a zone of that name under that global, or alone; absent: a global. */
  readonly zone?: { readonly name: string; readonly globalAddress?: string };
}

export class KumaControlPlane {
  readonly api: ApiClient;
  readonly restUrl: string;
  readonly kdsPort: number;
  readonly dpPort: number;
  readonly folder: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #probe: string;
  #child: ChildProcess | undefined;

  private constructor(options: KumaOptions, ports: readonly number[]) {
    const [rest = 0, https = 0, diagnostics = 0, dp = 0, mads = 0, interCp = 0, kds = 0] = ports;
    this.folder = options.folder;
    this.kdsPort = kds;
    this.dpPort = dp;
    this.restUrl = `http://127.0.0.1:${rest}`;
    this.api = new ApiClient({ baseUrl: this.restUrl, timeoutMs: 30_000 });
    this.#probe = probeOf(options);
    this.#env = {
      KUMA_MODE: options.zone ? "zone" : "global",
      KUMA_ENVIRONMENT: "universal",
      KUMA_STORE_TYPE: "memory",
      KUMA_GENERAL_WORK_DIR: options.folder,
      KUMA_REPORTS_ENABLED: "false",
      KUMA_API_SERVER_HTTP_INTERFACE: "127.0.0.1",
      KUMA_API_SERVER_HTTP_PORT: String(rest),
      KUMA_API_SERVER_HTTPS_INTERFACE: "127.0.0.1",
      KUMA_API_SERVER_HTTPS_PORT: String(https),
      KUMA_DIAGNOSTICS_SERVER_PORT: String(diagnostics),
      KUMA_DP_SERVER_PORT: String(dp),
      KUMA_MONITORING_ASSIGNMENT_SERVER_PORT: String(mads),
      KUMA_INTER_CP_SERVER_PORT: String(interCp),
      KUMA_INTER_CP_CATALOG_INSTANCE_ADDRESS: "127.0.0.1",
      KUMA_MULTIZONE_GLOBAL_KDS_GRPC_PORT: String(kds),
      ...(options.zone && {
        KUMA_MULTIZONE_ZONE_NAME: options.zone.name,
        ...(options.zone.globalAddress !== undefined && {
          KUMA_MULTIZONE_ZONE_GLOBAL_ADDRESS: options.zone.globalAddress,
          KUMA_MULTIZONE_ZONE_KDS_TLS_SKIP_VERIFY: "true",
        }),
      }),
    };
  }

  static async create(options: KumaOptions): Promise<KumaControlPlane> {
    mkdirSync(options.folder, { recursive: true });
    return new KumaControlPlane(options, await freePorts(7));
  }

  async start(): Promise<void> {
    const log = openSync(join(this.folder, "kuma.log"), "a");
    const env = { ...process.env, ...this.#env };
    this.#child = spawn(join(KUMA_BIN ?? "", "kuma-cp"), ["run"], { env, stdio: ["ignore", log, log] });
    await eventually(async () => (await this.api.find(this.#probe)) !== undefined, {
      timeoutMs: 120_000,
      what: "kuma-cp ready",
    });
  }

  async stop(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  }
}

/** What is there once it is ready. */
function probeOf({ zone }: KumaOptions): string {
  if (zone === undefined) return "hostnamegenerators/synced-mesh-external-service";
  return zone.globalAddress === undefined ? "meshes/default" : `zones/${zone.name}`;
}
