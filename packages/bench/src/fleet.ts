/** Many mock zones on one system, with the arrivals of what a workload watches. */

import { seededRandom } from "@isthmus/testkit";
import { MockZone } from "./mock-zone.ts";

export interface Fleet {
  readonly zones: readonly MockZone[];
  /** Resolves with the arrival time of `<display name>` in every zone but `except`, or of its removal. */
  expect(type: string, displayName: string, event: "upsert" | "removal", except?: string): Promise<readonly number[]>;
  close(): void;
}

const TIMEOUT_MS = 30_000;

export async function connectFleet(kdsUrl: string, count: number, prefix = "zone"): Promise<Fleet> {
  const watchers = new Set<
    (zone: string, type: string, names: readonly string[], removed: readonly string[], at: number) => void
  >();
  const zones = Array.from({ length: count }, (_, i) => {
    const name = `${prefix}-${i + 1}`;
    return new MockZone({
      url: kdsUrl,
      name,
      onResponse: (type, names, removed, at) => {
        for (const watcher of watchers) watcher(name, type, names, removed, at);
      },
    });
  });
  await Promise.all(zones.map((zone) => zone.connect()));
  return {
    zones,
    expect(type, displayName, event, except) {
      const wanted = zones.filter((zone) => zone.name !== except).length;
      const arrivals = new Map<string, number>();
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          watchers.delete(watcher);
          reject(
            new Error(`${event} of ${type} ${displayName}: ${arrivals.size} of ${wanted} zones after ${TIMEOUT_MS} ms`),
          );
        }, TIMEOUT_MS);
        const watcher = (
          zone: string,
          seenType: string,
          names: readonly string[],
          removed: readonly string[],
          at: number,
        ): void => {
          if (seenType !== type || zone === except || arrivals.has(zone)) return;
          const list = event === "upsert" ? names : removed;
          if (!list.some((name) => name.startsWith(`${displayName}-`))) return;
          arrivals.set(zone, at);
          if (arrivals.size < wanted) return;
          clearTimeout(timer);
          watchers.delete(watcher);
          resolve([...arrivals.values()]);
        };
        watchers.add(watcher);
      });
    },
    close() {
      for (const zone of zones) zone.close();
    },
  };
}

/** `count` MeshServices of about 720 bytes on the wire, as a busy zone has them. */
export function meshServices(count: number, seed = 1): { name: string; spec: object }[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, i) => {
    const name = `service-${String(i + 1).padStart(5, "0")}`;
    return { name, spec: meshServiceSpec(name, 1024 + Math.floor(random() * 60_000)) };
  });
}

export function meshServiceSpec(name: string, port: number): object {
  return {
    state: "Available",
    selector: { dataplaneTags: { "kuma.io/service": name } },
    ports: [
      { name: "http", port, targetPort: port, appProtocol: "http" },
      { name: "metrics", port: port + 1, targetPort: port + 1, appProtocol: "http" },
    ],
    identities: [{ type: "ServiceTag", value: name }],
  };
}
