/**
 * What the proxies of the zone run with, asked from their Envoys, and what they would be given: for REST, and for a global that asks.
 * Source: kuma v2.14.3: pkg/envoy/admin/client.go, pkg/kds/service/envoy_admin_processor.go, pkg/core/xds/inspect/config.go.
 */
import type { InspectFailure, OutputFormat, ProxyInspector } from "@isthmus/api-server";
import type { TranslationSettings } from "@isthmus/envoy";
import { type AdminQuestion, type AnswerAdmin, noSuchProxy } from "@isthmus/kds";
import { isInsightOnline, numberOf, objectOf, type Registry, type Resource, textOf } from "@isthmus/resources";
import { assertNever, err, type JsonObject, ok, type Result } from "@isthmus/std";
import type { Store } from "@isthmus/store";
import type { World } from "@isthmus/topology";
import { adminCa } from "../proxies/admin-wish.ts";
import { configurationPreview } from "../proxies/configuration-preview.ts";
import { redactedDump } from "./config-dump.ts";
import type { AskEnvoy } from "./envoy-admin-client.ts";

export interface ZoneProxyInspectorOptions {
  readonly store: Store;
  readonly registry: Registry;
  readonly world: () => World;
  readonly settings: TranslationSettings;
  /** Of proxies that name none. */
  readonly adminPort: number;
  readonly ask: AskEnvoy;
}

type Answer = Promise<Result<string, InspectFailure>>;

export class ZoneProxyInspector implements ProxyInspector {
  readonly #options: ZoneProxyInspectorOptions;

  constructor(options: ZoneProxyInspectorOptions) {
    this.#options = options;
  }

  async configDump(proxy: Resource, { includeEds }: { readonly includeEds: boolean }): Answer {
    const dump = await this.#ask(proxy, includeEds ? "/config_dump?include_eds=true" : "/config_dump");
    if (!dump.ok) return dump;
    const redacted = redactedDump(dump.value);
    return redacted.ok ? redacted : unreachable(redacted.error);
  }

  clusters(proxy: Resource, { format }: { readonly format: OutputFormat }): Answer {
    return this.#ask(proxy, format === "json" ? "/clusters?format=json" : "/clusters");
  }

  stats(proxy: Resource, { format, usedOnly }: { readonly format: OutputFormat; readonly usedOnly: boolean }): Answer {
    const query = [...(format === "json" ? ["format=json"] : []), ...(usedOnly ? ["usedonly"] : [])].join("&");
    return this.#ask(proxy, query === "" ? "/stats" : `/stats?${query}`);
  }

  async config(
    { mesh, name }: Resource,
    { isShadow }: { readonly isShadow: boolean },
  ): Promise<Result<JsonObject, InspectFailure>> {
    const { world, registry, settings } = this.#options;
    const metadata = objectOf(this.#insight("Dataplane", mesh, name) ?? {}, "metadata");
    const preview = configurationPreview({ mesh, name }, metadata, { world: world(), registry, settings, isShadow });
    return preview === undefined ? err({ kind: "unreachable", reason: "the Dataplane is gone" }) : ok(preview);
  }

  /** For the admin streams of a global. */
  readonly answer: AnswerAdmin = async (question) => {
    const { type, mesh, name } = question;
    const isProxy = type === "Dataplane" || type === "ZoneIngress" || type === "ZoneEgress";
    const proxy = isProxy ? this.#options.store.get({ type, mesh, name }) : undefined;
    if (proxy === undefined) return noSuchProxy(question);
    const answer = await this.#answerOf(proxy, question);
    if (answer.ok) return ok(Buffer.from(answer.value));
    return err("reason" in answer.error ? answer.error.reason : answer.error.kind);
  };

  #answerOf(proxy: Resource, question: AdminQuestion): Answer {
    switch (question.stream) {
      case "StreamXDSConfigs":
        return this.configDump(proxy, question);
      case "StreamStats":
        return this.stats(proxy, question);
      case "StreamClusters":
        return this.clusters(proxy, question);
      default:
        return assertNever(question.stream);
    }
  }

  async #ask(proxy: Resource, path: string): Answer {
    const { store, adminPort, ask } = this.#options;
    const networking = objectOf(proxy.spec, "networking");
    const host =
      (proxy.type === "Dataplane" ? textOf(networking, "advertisedAddress") : "") || textOf(networking, "address");
    const port = numberOf(objectOf(networking, "admin"), "port") || adminPort;
    const isPlain = this.#isPlain(proxy, host);
    const ca = isPlain ? undefined : adminCa(store.list("GlobalSecret"));
    if (ca === undefined && !isPlain) return unreachable("the zone has no GlobalSecret envoy-admin-ca with a CA");
    const answer = await ask({ host, port, path, ca });
    if (answer.ok) return answer;
    const isOnline = isInsightOnline(this.#insight(proxy.type, proxy.mesh, proxy.name) ?? {});
    const state = isOnline ? "" : ", and the proxy is not connected";
    return unreachable(`the admin API of Envoy at ${host}:${port} cannot be asked: ${answer.error}${state}`);
  }

  /** On the machine of the control plane, an admin API with a port of its own is its own door. */
  #isPlain({ type, mesh, name }: Resource, host: string): boolean {
    if (type !== "Dataplane" || (host !== "127.0.0.1" && host !== "::1")) return false;
    const metadata = objectOf(this.#insight(type, mesh, name) ?? {}, "metadata");
    return textOf(metadata, "dataplane.admin.port") !== "" && textOf(metadata, "dataplane.admin.socketPath") === "";
  }

  #insight(type: string, mesh: string, name: string): JsonObject | undefined {
    return this.#options.store.get({ type: `${type}Insight`, mesh, name })?.spec;
  }
}

function unreachable(reason: string): Result<never, InspectFailure> {
  return err({ kind: "unreachable", reason });
}
