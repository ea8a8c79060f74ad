import { describe, expect, it } from "vitest";
import { dataplane, LOCAL, meshService, remoteLabels, resource, SETTINGS, secureMesh } from "../testing/resources.ts";
import { snapshotWorld } from "../world/snapshot-world.ts";
import { findTarget } from "./target.ts";

const hostnames = (...names: readonly string[]) => ({ addresses: names.map((hostname) => ({ hostname })) });
const world = snapshotWorld(
  [
    secureMesh("default", "Everywhere"),
    meshService("backend", [8080]),
    meshService("backend-x8f2", [8080], { labels: remoteLabels("east", "backend") }),
    meshService("backend-c4d1", [8080], { labels: remoteLabels("north", "backend") }),
    meshService("far-1", [80], { labels: remoteLabels("east", "far"), status: hostnames("far.svc.east.mesh.local") }),
    meshService("far-2", [80], { labels: remoteLabels("north", "far") }),
    meshService("two-ports", [{ port: 80, name: "http" }, 81]),
    meshService("both", [80]),
    resource("MeshMultiZoneService", "both", {
      labels: LOCAL,
      spec: { selector: { meshService: { matchLabels: { a: "b" } } }, ports: [{ port: 80 }] },
    }),
    dataplane("old-1", [{ port: 80, service: "old" }]),
    dataplane("old-2", [{ port: 80, service: "old_svc_80:v1" }]),
  ],
  SETTINGS,
);
const ask = (to: string, kind = "") => findTarget({ to, kind }, "default", world);
const service = (kind: string, name: string, port: number) => ({
  ok: true,
  value: { service: { kind, mesh: "default", name }, port },
});

describe("a target is understood", () => {
  it.each([
    ["by name, with its only port", "far-1", "", service("MeshService", "far-1", 80)],
    ["as that of the own zone", "backend:8080", "", service("MeshService", "backend", 8080)],
    ["by the name in the store", "backend-x8f2", "", service("MeshService", "backend-x8f2", 8080)],
    ["by hostname", "far.svc.east.mesh.local:80", "", service("MeshService", "far-1", 80)],
    ["by KRI", "kri_msvc_default_north__far_", "", service("MeshService", "far-2", 80)],
    ["by KRI of a port", "kri_msvc_default_west__two-ports_http", "", service("MeshService", "two-ports", 80)],
    ["by name of the port", "two-ports:http", "", service("MeshService", "two-ports", 80)],
    ["with a port that is not there", "two-ports:82", "", service("MeshService", "two-ports", 82)],
    ["by kind", "both", "MeshMultiZoneService", service("MeshMultiZoneService", "both", 80)],
    ["by short name of the kind", "both", "MSVC", service("MeshService", "both", 80)],
    ["as legacy service where there is no other", "old:80", "", service("legacy", "old", 0)],
    ["as legacy service with a colon", "old_svc_80:v1", "", service("legacy", "old_svc_80:v1", 0)],
    ["as legacy service that is not there", "none", "legacy", service("legacy", "none", 0)],
    ["though it is not there", "none:80", "", service("MeshService", "none", 80)],
    ["though no port is said either", "none", "extsvc", service("MeshExternalService", "none", 0)],
  ])("%s: %s %s", (_, to, kind, expected) => expect(ask(to, kind)).toEqual(expected));
});

describe("a target is refused", () => {
  it.each([
    ["", "", [/<service>/]],
    [":80", "", [/<service>/]],
    ["backend:", "", [/number from 1 to 65535/]],
    ["backend:0", "", [/number from 1 to 65535/]],
    ["backend:-1", "", [/number from 1 to 65535/]],
    ["backend:65536", "", [/number from 1 to 65535/]],
    ["", "Zone", [/MeshExternalService, legacy/, /<service>/]],
    ["both", "", [/means 2 services: MeshService both of zone west .*MeshMultiZoneService both of zone west/]],
    ["far", "", [/means 2 services: .*name far-1.*name far-2/]],
    ["two-ports", "", [/has several ports, its ports: 80 \(http\), 81/]],
    ["two-ports:grpc", "", [/has no port grpc, its ports: 80 \(http\), 81/]],
  ])("%j %j", (to, kind, reasons) => {
    const found = ask(to, kind);
    expect(found.ok ? [] : found.error.map(({ reason }) => reason)).toEqual(
      reasons.map((reason) => expect.stringMatching(reason) as unknown),
    );
  });
});
