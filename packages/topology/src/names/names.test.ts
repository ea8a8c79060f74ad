/** Rows of the tables of names of Envoy's resources. Names under "recorded" were seen in configuration dumps of Kuma 2.14.3. */
import type { Labels } from "@isthmus/resources";
import { describe, expect, it } from "vitest";
import type { ServiceKind } from "../model/service.ts";
import {
  altStatName,
  destinationName,
  hasUnifiedNaming,
  legacyClusterName,
  portKriText,
  statName,
} from "./destination-name.ts";
import * as names from "./envoy-names.ts";

function named(kind: ServiceKind, name: string, { mesh = "default", zone = "", namespace = "" } = {}) {
  return { kind, kri: { type: kind, mesh, zone, namespace, name, section: "" } };
}
const http = { port: 8080, section: "http" };
const plain = { port: 8080, section: "8080" };

describe("names of destinations", () => {
  const east = { zone: "east" };
  it.each([
    [
      named("MeshService", "backend", east),
      plain,
      "default_backend__east_msvc_8080",
      "kri_msvc_default_east__backend_8080",
    ],
    [
      named("MeshService", "backend", { ...east, namespace: "demo" }),
      http,
      "default_backend_demo_east_msvc_8080",
      "kri_msvc_default_east_demo_backend_http",
    ],
    [
      named("MeshMultiZoneService", "backend"),
      plain,
      "default_backend___mzsvc_8080",
      "kri_mzsvc_default___backend_8080",
    ],
    [
      named("MeshExternalService", "httpbin"),
      { port: 443, section: "443" },
      "default_httpbin___extsvc_443",
      "kri_extsvc_default___httpbin_443",
    ],
    [
      named("MeshService", "bweb", { mesh: "idm", zone: "west" }),
      http,
      "idm_bweb__west_msvc_8080",
      "kri_msvc_idm_west__bweb_http",
    ],
  ])("%#: %j", (service, port, legacy, unified) => {
    expect(destinationName(service, port, false)).toBe(legacy);
    expect(destinationName(service, port, true)).toBe(unified);
    expect(portKriText(service, port)).toBe(unified);
  });

  it("are unified only for a proxy that can, in a mesh that is Exclusive", () => {
    const able = new Set(["feature-unified-resource-naming"]);
    expect(hasUnifiedNaming(able, "Exclusive")).toBe(true);
    expect(hasUnifiedNaming(new Set(["feature-embedded-dns"]), "Exclusive")).toBe(false);
    for (const mode of ["Disabled", "Everywhere", "ReachableBackends"] as const) {
      expect(hasUnifiedNaming(able, mode)).toBe(false);
    }
  });

  it.each<[Labels, Labels | undefined, string | undefined]>([
    [{ "kuma.io/service": "web" }, undefined, "web"],
    [{ "kuma.io/service": "web" }, {}, "web"],
    [{}, undefined, undefined],
    [{ "kuma.io/service": "", version: "v1" }, undefined, undefined],
    // printf 'kuma.io/servicebackendversionv1' | sha256sum
    [{ version: "v1", "kuma.io/service": "backend" }, undefined, "backend-154693772bc47249"],
    // printf 'kuma.io/servicebackendsplitx' | sha256sum
    [{ "kuma.io/service": "backend" }, { split: "x" }, "backend-bf88551a49bc857d"],
  ])("of a legacy service with tags %j and %j: %s", (tags, identifying, expected) => {
    expect(legacyClusterName(tags, identifying)).toBe(expected);
  });

  it.each([
    ["default_backend__east_msvc_8080", undefined],
    ["kri_msvc_default_east__backend.v1_http", "kri_msvc_default_east__backend_v1_http"],
    ["localhost:8080", "localhost_8080"],
    ["a/b c.ü", "a_b_c__"],
  ])("in statistics: %s", (name, alternative) => {
    expect(altStatName(name)).toBe(alternative);
    expect(statName(name)).toBe(alternative ?? name);
  });
});

describe("names of other resources of Envoy", () => {
  const rows: readonly (readonly [names.EnvoyName, string, string])[] = [
    [names.inboundListenerName("10.1.0.11", 8080, "http"), "inbound:10.1.0.11:8080", "self_inbound_dp_http"],
    [names.inboundListenerName("fd00::1", 8080, "8080"), "inbound:[fd00::1]:8080", "self_inbound_dp_8080"],
    [names.inboundClusterName(18080, "http"), "localhost:18080", "self_inbound_dp_http"],
    [names.inboundRouteName("backend", "http"), "inbound:backend", "self_inbound_dp_http"],
    [names.outboundListenerName("241.0.0.0", 8080, "kri_x"), "outbound:241.0.0.0:8080", "kri_x"],
    [names.passthroughName("inbound", 4), "inbound:passthrough:ipv4", "self_transparentproxy_passthrough_inbound_ipv4"],
    [names.passthroughName("inbound", 6), "inbound:passthrough:ipv6", "self_transparentproxy_passthrough_inbound_ipv6"],
    [
      names.passthroughName("outbound", 4),
      "outbound:passthrough:ipv4",
      "self_transparentproxy_passthrough_outbound_ipv4",
    ],
    [
      names.passthroughName("outbound", 6),
      "outbound:passthrough:ipv6",
      "self_transparentproxy_passthrough_outbound_ipv6",
    ],
    [names.ADMIN_NAME, "kuma:envoy:admin", "system_envoy_admin"],
    [names.READINESS_NAME, "kuma:readiness", "system_probe_readiness"],
    [names.DNS_NAME, "kuma:dns", "system_dns"],
    [names.DYNAMIC_CONFIG_NAME, "_kuma:dynamicconfig", "system_dynamicconfig"],
    [names.ADS_CLUSTER_NAME, "ads_cluster", "system_ads"],
    [names.ACCESS_LOG_CLUSTER_NAME, "access_log_sink", "system_access_log_sink"],
    [
      names.zoneProxyListenerName("ZoneIngress", "10.1.0.30", 10001),
      "inbound:10.1.0.30:10001",
      "self_inbound_zi_10001",
    ],
    [names.zoneProxyListenerName("ZoneEgress", "10.2.0.30", 10002), "inbound:10.2.0.30:10002", "self_inbound_ze_10002"],
    [names.identitySecretName("default"), "identity_cert:secret:default", "system_mtls_identity_default"],
    [names.caSecretName("default"), "mesh_ca:secret:default", "system_mtls_ca_default"],
  ];
  it.each(rows)("%j", (name, legacy, unified) => {
    expect(names.nameIn(false, name)).toBe(legacy);
    expect(names.nameIn(true, name)).toBe(unified);
  });

  it("that have one name alone", () => {
    expect(names.zoneListenerName("ZoneIngress", "zi-1")).toBe("self_zoneingress_dp_zi-1");
    expect(names.zoneListenerName("ZoneEgress", "10002")).toBe("self_zoneegress_dp_10002");
    expect(names.ingressClusterName("default", "backend")).toBe("default:backend");
    expect(names.egressFilterChainName("default", "backend")).toBe("backend_default");
  });
});
