/** A global and zones for one test file, with everything cleaned up at the end. */
import { join } from "node:path";
import { eventually, freePorts, type TempFolder, tempFolder } from "@isthmus/testkit";
import { ControlPlane } from "./control-plane.ts";

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

  /** Every zone is online at the global, and both sides of every stream have everything acknowledged. */
  async converged(names: readonly string[] = [...this.zones.keys()]): Promise<void> {
    await eventually(
      async () => {
        const status = await this.global.api.syncStatus();
        const online = status.zones.filter((zone) => zone.online).map((zone) => zone.zone);
        if (!names.every((name) => online.includes(name))) return false;
        if (
          !status.zones.every(
            (zone) => !zone.online || zone.rows.every((row) => row.state !== "pending" && row.state !== "unsubscribed"),
          )
        )
          return false;
        for (const name of names) {
          const own = await this.zone(name).api.syncStatus();
          if (
            !own.zones.every(
              (zone) =>
                zone.online && zone.rows.every((row) => row.state !== "pending" && row.state !== "unsubscribed"),
            )
          )
            return false;
        }
        return true;
      },
      { timeoutMs: 60_000, what: `convergence of ${names.join(", ")}` },
    );
  }

  async stop(): Promise<void> {
    await Promise.all([...this.zones.values()].map((zone) => zone.kill()));
    await this.global.kill();
    await this.#folder.remove();
  }
}
