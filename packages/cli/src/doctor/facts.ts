/** What the checks look at. Each thing is asked for once, when the first check needs it; undefined where the server does not tell. */
import { type ApiClient, ApiError, type Index, type RestResource, type SyncStatus } from "@isthmus/api";
import type { Clock, JsonObject } from "@isthmus/std";
import type { Connection } from "../connection/connect.ts";
import { loadZones, type ZoneViews } from "../inspect/zone-view.ts";
import { numberAt, valueAt } from "../output/member.ts";
import { orUndefined, type ServerRole, serverRole } from "../server-role.ts";
import { type Metrics, parseMetrics } from "./metrics-text.ts";

const DIAGNOSTICS_PORT = 5680;
const LOOPBACK = /^(localhost|127\..*|\[?::1\]?)$/;

export interface FactsOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  /** In place of the port that the settings of the server name, on its host. */
  readonly diagnosticsUrl?: string;
  /** Folder of the server's data, where this is the same machine. */
  readonly dataFolder?: string;
}

export class Facts {
  readonly client: ApiClient;
  readonly connection: Connection;
  readonly clock: Clock;
  readonly dataFolder: string | undefined;
  readonly #diagnosticsUrl: string | undefined;
  readonly #known = new Map<string, Promise<unknown>>();

  constructor({ connection, clock, diagnosticsUrl, dataFolder }: FactsOptions) {
    this.client = connection.client;
    this.connection = connection;
    this.clock = clock;
    this.dataFolder = dataFolder;
    this.#diagnosticsUrl = diagnosticsUrl?.replace(/\/+$/, "");
  }

  get server(): URL {
    return new URL(this.connection.settings.server);
  }

  get host(): string {
    return this.server.hostname.replace(/^\[|\]$/g, "");
  }

  /** The server is asked on the machine that it runs on, as far as its address says. */
  get isOwnMachine(): boolean {
    return isLoopback(this.server.hostname);
  }

  index(): Promise<Index> {
    return this.#once("index", () => this.client.index());
  }

  config(): Promise<JsonObject | undefined> {
    return this.#once("config", () => orUndefined(() => this.client.config()));
  }

  role(): Promise<ServerRole | undefined> {
    return this.#once("role", () => serverRole(this.client));
  }

  async isGlobal(): Promise<boolean> {
    return (await this.role())?.mode !== "zone";
  }

  ledger(): Promise<SyncStatus | undefined> {
    return this.#once("ledger", () => orUndefined(() => this.client.syncStatus()));
  }

  zones(): Promise<ZoneViews> {
    return this.#once("zones", () => loadZones(this.client));
  }

  /** Of a collection that the server may not have. */
  list(path: string): Promise<readonly RestResource[] | undefined> {
    return this.#once(`list ${path}`, () => orUndefined(() => this.client.listResources(path)));
  }

  async diagnosticsUrl(): Promise<string> {
    if (this.#diagnosticsUrl !== undefined) return this.#diagnosticsUrl;
    const config = await this.config();
    const scheme = valueAt(config, ["diagnostics", "tlsEnabled"]) === true ? "https" : "http";
    const port = numberAt(config, "diagnostics", "serverPort") || DIAGNOSTICS_PORT;
    return `${scheme}://${this.server.hostname}:${port}`;
  }

  metrics(): Promise<Metrics | undefined> {
    return this.#once("metrics", async () => {
      const answer = await this.get(`${await this.diagnosticsUrl()}/metrics`).catch(() => undefined);
      return answer?.status === 200 ? parseMetrics(await answer.text()) : undefined;
    });
  }

  /** Without the credentials of the connection. */
  get(url: string, headers: Readonly<Record<string, string>> = {}): ReturnType<Connection["transport"]> {
    const signal = AbortSignal.timeout(this.connection.settings.timeoutMs);
    return this.connection.transport(url, { method: "GET", headers, signal });
  }

  #once<T>(name: string, load: () => Promise<T>): Promise<T> {
    const known = this.#known.get(name) as Promise<T> | undefined;
    const loading = known ?? load();
    this.#known.set(name, loading);
    return loading;
  }
}

export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/** Whether the server refused because of who asks. */
export function isRefused(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 401 || error.status === 403);
}
