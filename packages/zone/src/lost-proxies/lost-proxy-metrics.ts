/** Metrics of what is found out about proxies whose streams broke. */
import type { Metrics } from "@isthmus/runtime";
import type { KnockOutcome } from "./knock.ts";
import type { LostProxyEvent } from "./watched-proxy.ts";

export interface LostProxyMetrics {
  readonly knocked: (outcome: KnockOutcome) => void;
  readonly found: (event: LostProxyEvent) => void;
}

export function bindLostProxyMetrics(
  metrics: Metrics,
  now: () => { readonly waiting: number; readonly reachable: number },
): LostProxyMetrics {
  metrics.gauge(
    "isthmus_proxies_reachable",
    "Connected proxies whose admin ports were reached from here: those whose death is seen at once",
    [],
    (gauge) => gauge.set(now().reachable),
  );
  metrics.gauge("isthmus_proxy_knocks_waiting", "Connections to proxies that wait for others to end", [], (gauge) =>
    gauge.set(now().waiting),
  );
  const knocks = metrics.counter(
    "isthmus_proxy_knocks_total",
    "Connections made to find out whether a proxy is there, by what came of them",
    ["outcome"],
  );
  const found = metrics.counter(
    "isthmus_lost_proxies_total",
    "Proxies that were withdrawn because nobody listened where they did, and given back because somebody did again",
    ["outcome"],
  );
  return {
    knocked: (outcome) => knocks.inc({ outcome }),
    found({ kind }) {
      if (kind !== "failed") found.inc({ outcome: kind });
    },
  };
}
