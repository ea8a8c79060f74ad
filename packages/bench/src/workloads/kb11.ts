/** KB11: how the global's memory grows with zones and with resources. */
import { connectFleet } from "../fleet.ts";
import { settledBytes } from "../process-usage.ts";
import { round } from "../statistics.ts";
import type { System } from "../systems.ts";
import { loadServices } from "./kb1.ts";

export interface Kb11Result {
  readonly baseMiB: number;
  readonly loadedMiB: number;
  readonly connectedMiB: number;
  readonly doubledMiB: number;
  /** Growth by the first `zones` zones, per zone: with what the runtime takes once for the work of connecting them. */
  readonly kibPerFirstZone: number;
  /** Slope: growth by as many zones again, per zone. */
  readonly kibPerZone: number;
  readonly bytesPerResource: number;
  /** What the slope has more than without resources, per resource: what each zone costs of each. */
  readonly bytesPerZoneAndResource: number;
}

/** `startAnother`: one like `system`, which stays without resources. */
export async function kb11(
  system: System,
  startAnother: () => Promise<System>,
  options: { readonly zones: number; readonly resources: number },
): Promise<Kb11Result> {
  const { zones, resources } = options;
  const { base, loaded, connected, doubled } = await readings(system, options);
  const bare = await startAnother();
  const without = await readings(bare, { zones, resources: 0 });
  await bare.stop();
  const perZone = (doubled - connected) / zones;
  return {
    baseMiB: round(base / 2 ** 20),
    loadedMiB: round(loaded / 2 ** 20),
    connectedMiB: round(connected / 2 ** 20),
    doubledMiB: round(doubled / 2 ** 20),
    kibPerFirstZone: round((connected - loaded) / 1024 / zones),
    kibPerZone: round(perZone / 1024),
    bytesPerResource: Math.round((loaded - base) / Math.max(1, resources)),
    bytesPerZoneAndResource: round((perZone - (without.doubled - without.connected) / zones) / Math.max(1, resources)),
  };
}

async function readings(system: System, { zones, resources }: { readonly zones: number; readonly resources: number }) {
  // The first zone warms up what every later one shares: code, caches, encoded bytes.
  const warm = await connectFleet(system.kdsUrl, 1, "warm");
  const base = await settledBytes(system.pid, system.collectsOnSignal);
  const loader = await loadServices(system, resources);
  const loaded = await settledBytes(system.pid, system.collectsOnSignal);
  const fleet = await connectFleet(system.kdsUrl, zones);
  const connected = await settledBytes(system.pid, system.collectsOnSignal);
  const second = await connectFleet(system.kdsUrl, zones, "second");
  const doubled = await settledBytes(system.pid, system.collectsOnSignal);
  for (const each of [second, fleet, loader, warm]) each.close();
  return { base, loaded, connected, doubled };
}
