/** A zone starts: until the overview of the global says that it is online. */
import type { JsonObject } from "@isthmus/std";
import { Deployment } from "../harness/deployment.ts";
import { Watch } from "./watch.ts";

export interface ZoneOnlineTimes {
  /** From the start of the process to its readiness, to being shown online. */
  readonly startToReady: readonly number[];
  readonly startToOnline: readonly number[];
  readonly readyToOnline: readonly number[];
}

/** The first start of a zone makes its keys; then it is stopped and started again. */
export async function zoneOnline(trials: number): Promise<ZoneOnlineTimes> {
  const deployment = await Deployment.prepare({ zones: ["north"] });
  try {
    const { global } = deployment;
    await global.start();
    const zone = deployment.zone("north");
    const overview = new Watch(target(global.options.restPort, "/zones/north/_overview"));
    const startToReady: number[] = [];
    const startToOnline: number[] = [];
    for (let trial = -1; trial < trials; trial += 1) {
      const ready = new Watch(target(zone.options.diagnosticsPort, "/ready"));
      const began = performance.now();
      zone.spawn();
      const [isReady, isOnline] = await Promise.all([
        ready.until(({ status }) => status === 200, "the zone is ready"),
        overview.until(({ text }) => isShownOnline(text), "the zone is shown online"),
      ]);
      if (trial >= 0) {
        startToReady.push(isReady.at - began);
        startToOnline.push(isOnline.at - began);
      }
      ready.close();
      await zone.stop();
      await overview.until(({ text }) => !isShownOnline(text), "the zone is shown offline");
    }
    overview.close();
    return {
      startToReady,
      startToOnline,
      readyToOnline: startToOnline.map((ms, i) => ms - (startToReady[i] ?? 0)),
    };
  } finally {
    await deployment.stop();
  }
}

const target = (port: number, path: string) => ({ host: "127.0.0.1", port, path });

function isShownOnline(text: string): boolean {
  const { zoneInsight } = JSON.parse(text === "" ? "{}" : text) as { zoneInsight?: { subscriptions?: JsonObject[] } };
  const last = zoneInsight?.subscriptions?.at(-1);
  return last !== undefined && last["connectTime"] !== undefined && last["disconnectTime"] === undefined;
}
