/**
 * What proxies of zones say, asked through their zones. Source: kuma v2.14.3: pkg/kds/envoyadmin/kds_client.go,
 * pkg/intercp/envoyadmin/forwarding_kds_client.go.
 */
import type { InspectFailure, ProxyInspector } from "@isthmus/api-server";
import type { AdminFailure, AdminQuestion, AskAdmin } from "@isthmus/kds";
import {
  DISPLAY_NAME_LABEL,
  homeZone,
  isInsightOnline,
  listOf,
  NAMESPACE_LABEL,
  type Resource,
  textOf,
} from "@isthmus/resources";
import { err, isJsonObject, type JsonObject, ok, parseJson, type Result } from "@isthmus/std";
import type { Store } from "@isthmus/store";

type Question = Pick<AdminQuestion, "stream" | "includeEds" | "usedOnly" | "format">;

export function zoneInspector(store: Store, ask: AskAdmin): ProxyInspector {
  return {
    configDump: (proxy, { includeEds }) =>
      inspect(proxy, { stream: "StreamXDSConfigs", includeEds, usedOnly: false, format: "json" }),
    clusters: (proxy, { format }) =>
      inspect(proxy, { stream: "StreamClusters", includeEds: false, usedOnly: false, format }),
    stats: (proxy, { format, usedOnly }) =>
      inspect(proxy, { stream: "StreamStats", includeEds: false, usedOnly, format }),
    // The API of a global never asks: only zones know what they would give.
    config: () => Promise.resolve(err({ kind: "unreachable", reason: "a global configures no proxies" })),
  };

  async function inspect(proxy: Resource, question: Question): Promise<Result<string, InspectFailure>> {
    const zone = homeZone(proxy) || (proxy.name.split(".")[0] ?? "");
    const insight = store.get({ type: "ZoneInsight", mesh: "", name: zone });
    if (insight === undefined) return err({ kind: "unknown-zone" });
    if (!isInsightOnline(insight.spec)) return err({ kind: "zone-offline" });
    const { type, mesh } = proxy;
    const answer = await ask(zone, { ...question, type, mesh, name: nameInZone(proxy, zone, insight.spec) });
    return answer.ok ? ok(Buffer.from(answer.value).toString()) : err(failureOf(answer.error));
  }
}

function failureOf(failure: AdminFailure): InspectFailure {
  return failure.kind === "not-connected" ? { kind: "stream-not-connected" } : failure;
}

/** A zone on Kubernetes knows its proxies by name and namespace. */
function nameInZone({ name, labels }: Resource, zone: string, insight: JsonObject): string {
  const displayName = labels[DISPLAY_NAME_LABEL] || name;
  const namespace = labels[NAMESPACE_LABEL] ?? "";
  // Names of zones of old begin with the zone and hold the namespace already.
  const isOld = name.startsWith(`${zone}.`);
  return isOld || namespace === "" || !isOnKubernetes(insight) ? displayName : `${displayName}.${namespace}`;
}

function isOnKubernetes(insight: JsonObject): boolean {
  const last = listOf(insight, "subscriptions").at(-1);
  const config = parseJson(isJsonObject(last) ? textOf(last, "config") : "");
  const store = config.ok && isJsonObject(config.value) ? config.value["store"] : undefined;
  return isJsonObject(store) && store["type"] === "kubernetes";
}
