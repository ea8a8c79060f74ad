/** A global and zones for one test file, with everything cleaned up at the end. */
import { join } from "node:path";
import type { SyncZone } from "@isthmus/api";
import { eventually, freePorts, type TempFolder, tempFolder } from "@isthmus/testkit";
import { ControlPlane } from "./control-plane.ts";

const DIRECTIONS = ["global-to-zone", "zone-to-global"];

export interface DeploymentOptions {
  readonly zones: readonly string[];
  /** Settings of the global, of every zone. */
  readonly global?: Readonly<Record<string, string | number>>;
  readonly zone?: Readonly<Record<string, string | number>>;
}

export class Deployment {
  readonly global: ControlPlane;
  readonly zones: ReadonlyMap<string, ControlPlane>;
  readonly #folder: TempFolder;

  private constructor(global: ControlPlane, zones: ReadonlyMap<string, ControlPlane>, folder: TempFolder) {
    this.global = global;
    this.zones = zones;
    this.#folder = folder;
  }

  /** Starts the global, then the zones; resolves when all are in sync. */
  static async start(options: DeploymentOptions): Promise<Deployment> {
    const deployment = await Deployment.prepare(options);
    await deployment.global.start();
    await Promise.all([...deployment.zones.values()].map((zone) => zone.start()));
    await deployment.converged();
    return deployment;
  }

  /** Chooses ports and folders, starts nothing. */
  static async prepare(options: DeploymentOptions): Promise<Deployment> {
    const folder = await tempFolder("isthmus-e2e-");
    const ports = await freePorts(3 + options.zones.length * 2);
    const [restPort = 0, diagnosticsPort = 0, kdsPort = 0, ...rest] = ports;
    const global = new ControlPlane({
      role: "global",
      name: "global",
      folder: join(folder.path, "global"),
      settings: options.global ?? {},
      restPort,
      diagnosticsPort,
      kdsPort,
    });
    const zones = new Map(
      options.zones.map((name, i) => [
        name,
        new ControlPlane({
          role: "zone",
          name,
          folder: join(folder.path, name),
          settings: {
            "multizone.zone.name": name,
            "multizone.zone.globalAddress": `grpcs://127.0.0.1:${kdsPort}`,
            "multizone.zone.kds.rootCaFile": join(folder.path, "global", "kuma-cp.crt"),
            ...options.zone,
          },
          restPort: rest[i * 2] ?? 0,
          diagnosticsPort: rest[i * 2 + 1] ?? 0,
        }),
      ]),
    );
    return new Deployment(global, zones, folder);
  }

  zone(name: string): ControlPlane {
    const zone = this.zones.get(name);
    if (!zone) throw new Error(`no zone ${name}`);
    return zone;
  }

  /**
   * Every zone is online at the global, and both sides of every stream have everything acknowledged: also what a zone sent up for the others,
   * for the zones are asked first.
   */
  async converged(names: readonly string[] = [...this.zones.keys()]): Promise<void> {
    await eventually(
      async () => {
        for (const name of names) {
          const own = await this.zone(name).api.syncStatus();
          if (own.zones.length === 0 || !own.zones.every((zone) => zone.online && isInStep(zone))) return false;
        }
        const status = await this.global.api.syncStatus();
        const online = status.zones.filter((zone) => zone.online);
        return names.every((name) => online.some(({ zone }) => zone === name)) && online.every(isInStep);
      },
      { timeoutMs: 120_000, what: `convergence of ${names.join(", ")}` },
    );
  }

  async stop(): Promise<void> {
    await Promise.all([...this.zones.values()].map((zone) => zone.kill()));
    await this.global.kill();
    await this.#folder.remove();
  }
}

/** Rows of a direction are there once its stream is open. */
function isInStep({ rows }: SyncZone): boolean {
  const areOpen = DIRECTIONS.every((direction) => rows.some((row) => row.direction === direction));
  return areOpen && rows.every(({ state }) => state !== "pending" && state !== "unsubscribed");
}
