import { describe, expect, it } from "vitest";
import { readService } from "../model/read-service.ts";
import type { ServiceKind } from "../model/service.ts";
import { recordedStore } from "../testing/recorded-store.ts";
import { dnsDocument, dnsTable, hasDnsTable } from "./dns-table.ts";

function service(
  name: string,
  vips: readonly string[],
  hostnames: readonly string[],
  kind: ServiceKind = "MeshService",
) {
  return { kind, mesh: "default", name, vips, hostnames };
}

describe("the document recorded from a proxy of Kuma 2.14.3", () => {
  const BODY =
    '{"records":[{"name":"bbackend.mzsvc.mesh.local","ips":["243.0.0.0","::ffff:f300:0"]},{"name":"bbackend.svc.east.mesh.local","ips":["241.0.0.2","::ffff:f100:2"]},{"name":"bbackend.svc.mesh.local","ips":["241.0.0.0","::ffff:f100:0"]},{"name":"bweb.svc.mesh.local","ips":["241.0.0.1","::ffff:f100:1"]},{"name":"outside.extsvc.mesh.local","ips":["242.0.0.0","::ffff:f200:0"]},{"name":"tpweb.svc.mesh.local","ips":["241.0.0.3","::ffff:f100:3"]}],"ttl":30,"extraLabels":{"kuma_io_zone":"west","kuma_workload":"tpweb","mesh":"idm"}}';
  const ETAG = "e67357047a31a6dd4fa83a09627a27173047f5c2fe548776b1d745d37eb1420d";
  const recorded = recordedStore("b-west")
    .map(readService)
    .filter((one) => one !== undefined);
  const all = [...recorded, { ...service("tpweb", ["241.0.0.3"], ["tpweb.svc.mesh.local"]), mesh: "idm" }];
  const outbounds = new Set(all.flatMap(({ vips }) => vips));

  it("is the same to the byte, and so is its tag", () => {
    const { records, conflicts } = dnsTable(all.toReversed(), outbounds, true);
    const labels = { "kuma.io/zone": "west", "kuma.io/workload": "tpweb", other: "x" };
    expect(dnsDocument(records, { mesh: "idm", labels })).toEqual({ body: BODY, etag: ETAG });
    expect(conflicts).toEqual([]);
  });

  it("has another tag as soon as a record differs", () => {
    const { records } = dnsTable(recorded, outbounds, true);
    expect(dnsDocument(records, { mesh: "idm", labels: {} }).etag).not.toBe(ETAG);
  });
});

describe("records", () => {
  it.each([
    ["IPv4", ["241.0.0.1"], false, ["241.0.0.1"]],
    ["IPv4 with IPv6 redirection", ["241.1.0.16"], true, ["241.1.0.16", "::ffff:f101:10"]],
    ["IPv6", ["fd00::1"], false, ["fd00::1"]],
    ["IPv6 with IPv6 redirection", ["fd00::1"], true, ["fd00::1"]],
    ["the first of several addresses", ["241.0.0.1", "241.0.0.2"], false, ["241.0.0.1"]],
  ])("of %s", (_case, vips, hasIpv6, ips) => {
    const { records } = dnsTable([service("a", vips, ["a.mesh"])], new Set(vips), hasIpv6);
    expect(records).toEqual([{ name: "a.mesh", ips }]);
  });

  it("are of services whose first address is among the outbounds, all their names, in order", () => {
    const services = [
      service("b", ["241.0.0.2"], ["z.mesh", "b.mesh", "b.mesh"]),
      service("unreachable", ["241.0.0.3"], ["u.mesh"]),
      service("second", ["241.0.0.4", "241.0.0.2"], ["s.mesh"]),
      service("none", [], ["n.mesh"]),
      service("nameless", ["241.0.0.2"], []),
    ];
    const { records } = dnsTable(services, new Set(["241.0.0.2", "241.0.0.9"]), false);
    expect(records.map(({ name }) => name)).toEqual(["b.mesh", "z.mesh"]);
    expect(dnsTable(services, new Set(), true)).toEqual({ records: [], conflicts: [] });
  });

  it("of a name that several kinds have are those of the last kind that Kuma writes", () => {
    const kinds = ["MeshService", "MeshExternalService", "MeshMultiZoneService"] as const;
    const services = kinds.map((kind, index) => service("a", [`24${index + 1}.0.0.1`], ["same.mesh"], kind));
    const table = dnsTable(services, new Set(services.flatMap(({ vips }) => vips)), false);
    expect(table.records).toEqual([{ name: "same.mesh", ips: ["243.0.0.1"] }]);
    expect(table.conflicts.map(({ winner, loser }) => [winner.kind, loser.kind])).toEqual([
      ["MeshMultiZoneService", "MeshExternalService"],
      ["MeshMultiZoneService", "MeshService"],
    ]);
    const reachable = new Set(["241.0.0.1"]);
    expect(dnsTable(services, reachable, false)).toEqual({
      records: [{ name: "same.mesh", ips: ["241.0.0.1"] }],
      conflicts: [],
    });
  });
});

describe("documents", () => {
  it("name the workload, namespace, mesh and zone as far as there are any, in order of key", () => {
    const labels = { "kuma.io/zone": "z", "kuma.io/workload": "w", "k8s.kuma.io/namespace": "n" };
    expect(dnsDocument([], { mesh: "m", labels }).body).toBe(
      '{"records":[],"ttl":30,"extraLabels":{"k8s_kuma_io_namespace":"n","kuma_io_zone":"z","kuma_workload":"w","mesh":"m"}}',
    );
    expect(dnsDocument([], { mesh: "m", labels: { "kuma.io/zone": "" } }).body).toBe(
      '{"records":[],"ttl":30,"extraLabels":{"mesh":"m"}}',
    );
  });

  it.each([
    [true, true, [], true],
    [true, true, ["feature-embedded-dns"], true],
    [true, false, [], false],
    [false, true, [], false],
    [true, true, ["feature-bind-outbounds"], false],
  ])("transparent %s, DNS redirected %s, features %j: %s", (isTransparent, redirectsDns, features, expected) => {
    expect(hasDnsTable({ isTransparent, redirectsDns, features: new Set(features) })).toBe(expected);
  });
});
