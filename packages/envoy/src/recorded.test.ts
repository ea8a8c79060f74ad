/** Our configuration for proxies of zones that were running Kuma 2.14.3, against what Kuma had given their Envoys. */
import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import type { EnvoyConfig } from "./draft/finish.ts";
import { canonical, type Kind, recordedProxy } from "./testing/recorded.ts";
import { RECORDED_PROXIES, recordedConfiguration } from "./testing/recorded-configuration.ts";

/** Certificates were taken out of the recordings. */
const REDACTED = { cert: "", key: "[redacted]" };

describe.each(RECORDED_PROXIES)("%s %s %s", (profile, zone, name) => {
  const recorded = recordedProxy(profile, name);
  const config = recordedConfiguration(profile, zone, name, REDACTED);

  it.each<Kind>(["clusters", "endpoints", "listeners"])("%s", (kind) => {
    const { clusters } = recorded.resources;
    const matching = new Set(
      Object.keys(clusters).filter((each) => "transportSocketMatches" in (clusters[each] ?? {})),
    );
    const kept = withoutQuirks(recorded.resources[kind], kind, profile, name);
    expect(resourcesOf(config, kind)).toEqual(withoutIdleMatches(kept, matching));
  });
});

function resourcesOf(config: EnvoyConfig, kind: Kind): Readonly<Record<string, JsonObject>> {
  return Object.fromEntries(
    [...config[kind]].map(([name, json]): [string, JsonObject] => [name, canonical(kind, json)]),
  );
}

const SOCKET_MATCH = /,?"envoy\.transport_socket_match":\{[^}]*\}/g;

/** Tags that no cluster chooses TLS by are not sent a second time: Kuma sends them to all. */
function withoutIdleMatches(
  resources: Readonly<Record<string, JsonObject>>,
  matching: ReadonlySet<string>,
): Readonly<Record<string, JsonObject>> {
  return Object.fromEntries(
    Object.entries(resources).map(([name, json]): [string, JsonObject] => [
      name,
      matching.has(name) ? json : (JSON.parse(JSON.stringify(json).replaceAll(SOCKET_MATCH, "")) as JsonObject),
    ]),
  );
}

const TRANSPARENT: ReadonlySet<string> = new Set(["west-tp", "shop-1"]);

/**
 * Where we differ on purpose (docs/compatibility.md): what Kuma would have sent without its quirks.
 *
 * - an explicit outbound with a numeric port of a named port is called by the name, as the ingress knows it;
 * - a MeshMultiZoneService gets the limits of connections that every other HTTP service gets;
 * - its members' service tags are accepted as the SPIFFE ids that they stand for;
 * - a Dataplane without transparent proxy has no listeners for redirected traffic (Kuma: port 0);
 * - an egress listener keeps the priorities that the author of a MeshExternalService gave;
 * - in unified naming, logs of a route go by the name of the route;
 * - see also `withoutIdleMatches`.
 */
function withoutQuirks(
  resources: Readonly<Record<string, JsonObject>>,
  kind: Kind,
  profile: string,
  proxy: string,
): Readonly<Record<string, JsonObject>> {
  const text = JSON.stringify(resources);
  const named =
    profile === "profile-a" ? text.replaceAll(/(kri_(?:msvc|mzsvc)_default_[a-z]*__backend)_8080/g, "$1_http") : text;
  const fixed = JSON.parse(
    named.replaceAll('"exact":"bbackend"', '"exact":"spiffe://idm/bbackend"').replaceAll("_api_rule0", "_api_rule_0"),
  ) as Record<string, JsonObject>;
  for (const [name, json] of Object.entries(fixed)) {
    if (!TRANSPARENT.has(proxy) && name.startsWith("self_transparentproxy_")) delete fixed[name];
    else if (kind === "clusters") fixed[name] = canonical(kind, clusterWithoutQuirks(name, json));
  }
  return fixed;
}

const HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

function clusterWithoutQuirks(name: string, json: JsonObject): object {
  const cluster = structuredClone(json) as Record<string, JsonObject> & {
    typedExtensionProtocolOptions?: Record<string, Record<string, unknown>>;
    loadAssignment?: { endpoints?: { priority?: number }[] };
    transportSocket?: { typedConfig?: { commonTlsContext?: TlsContext } };
  };
  const options = cluster.typedExtensionProtocolOptions?.[HTTP_OPTIONS];
  if (name.includes("mzsvc") && options !== undefined) {
    options.commonHttpProtocolOptions = { idleTimeout: "3600s", maxConnectionDuration: "0s", maxStreamDuration: "0s" };
  }
  const names =
    cluster.transportSocket?.typedConfig?.commonTlsContext?.combinedValidationContext?.defaultValidationContext
      ?.matchTypedSubjectAltNames;
  names?.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (name.startsWith("kri_extsvc")) {
    for (const endpoints of cluster.loadAssignment?.endpoints ?? []) delete endpoints.priority;
  }
  return cluster;
}

interface TlsContext {
  readonly combinedValidationContext?: {
    readonly defaultValidationContext?: { readonly matchTypedSubjectAltNames?: JsonObject[] };
  };
}
