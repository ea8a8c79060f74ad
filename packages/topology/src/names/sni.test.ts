import { displayName, type Labels, type Resource } from "@isthmus/resources";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ServiceKind } from "../model/service.ts";
import { hashedSni, hashedSniName, hashedSniOf, kriSni, legacyServiceSni, tagsSni } from "./sni.ts";

function resource(type: ServiceKind, name: string, labels: Labels = {}, mesh = "default"): Resource {
  const at = "2026-01-01T00:00:00Z";
  return { type, mesh, name, labels, spec: {}, creationTime: at, modificationTime: at, version: 1 };
}

describe("names from tags", () => {
  it.each<[Labels, string]>([
    [{ "kuma.io/service": "backend" }, "backend"],
    [{ "kuma.io/service": "backend", mesh: "default" }, "backend{mesh=default}"],
    [{ version: "v1", mesh: "default", "kuma.io/service": "backend" }, "backend{mesh=default,version=v1}"],
    [{ "kuma.io/service": "b", "kuma.io/zone": "east", Version: "1" }, "b{Version=1,kuma.io/zone=east}"],
  ])("%j", (tags, sni) => expect(tagsSni(tags)).toBe(sni));

  it("always hold the mesh between zones", () => {
    expect(legacyServiceSni("default", { "kuma.io/service": "backend" })).toBe("backend{mesh=default}");
    expect(legacyServiceSni("m", { "kuma.io/service": "backend", version: "v1" })).toBe("backend{mesh=m,version=v1}");
  });
});

describe("hashed names", () => {
  const long = "a".repeat(70);
  it.each<[ServiceKind, string, string, number, string]>([
    ["MeshService", "backend", "default", 80, "a601e0c00295a9fbe.backend.80.default.ms"],
    ["MeshService", "backend", "default", 8080, "a601e0c00295a9fbe.backend.8080.default.ms"],
    ["MeshMultiZoneService", "backend", "default", 8080, "a601e0c00295a9fbe.backend.8080.default.mzms"],
    ["MeshMultiZoneService", "multi-backend", "default", 80, "a6844c35bc637ba96.multi-backend.80.default.mzms"],
    ["MeshService", "backend2", "default", 80, "aec60634adf0f45d6.backend2.80.default.ms"],
    ["MeshService", "backend.kuma-demo", "default", 8080, "accece0df656574f6.backend.kuma-demo.8080.default.ms"],
    ["MeshExternalService", "httpbin", "default", 443, "a260442408b1a89a9.httpbin.443.default.mes"],
    ["MeshService", "backend", "demo", 8080, "ae10a8071b8a8eeb8.backend.8080.demo.ms"],
    ["MeshService", long, "default", 80, `aa47ceaf9cc237742.${long.slice(0, 62)}x.80.default.ms`],
  ])("%s %s in %s, port %i", (kind, name, mesh, port, sni) => {
    expect(hashedSniOf({ kind, name, mesh, port })).toBe(sni);
  });

  it("cover additional data in the hash alone", () => {
    const sni = hashedSniOf({ kind: "MeshService", name: "backend", mesh: "demo", port: 8080, data: { x: "a" } });
    expect(sni).toBe("a333a125865a97632.backend.8080.demo.ms");
  });

  it("cut names of 63 and more characters, meshes too", () => {
    const at = (count: number) =>
      hashedSniOf({ kind: "MeshService", name: "n".repeat(count), mesh: "m".repeat(count), port: 1 });
    expect(at(62).split(".").slice(1)).toEqual(["n".repeat(62), "1", "m".repeat(62), "ms"]);
    expect(at(63).split(".").slice(1)).toEqual([`${"n".repeat(62)}x`, "1", `${"m".repeat(62)}x`, "ms"]);
  });

  const synced = { "kuma.io/origin": "global", "kuma.io/display-name": "backend", "kuma.io/zone": "east" };
  const home = { "kuma.io/origin": "zone", "kuma.io/zone": "west" };
  const demo = { "k8s.kuma.io/namespace": "demo" };
  it.each<[string, Resource, string, string]>([
    ["synced from Universal", resource("MeshService", "backend-d2622w4zxzdb6cfw", synced), "", "backend"],
    ["synced from Kubernetes", resource("MeshService", "backend-x", { ...synced, ...demo }), "", "backend.demo"],
    [
      "synced from Universal to Kubernetes",
      resource("MeshService", "backend-x.demo", { ...synced, ...demo }),
      "demo",
      "backend",
    ],
    [
      "synced between Kubernetes zones",
      resource("MeshService", "backend-x.sys", { ...synced, ...demo }),
      "sys",
      "backend.demo",
    ],
    ["local", resource("MeshService", "backend", home), "", "backend"],
    ["local without origin", resource("MeshService", "backend", demo), "", "backend"],
    [
      "local with another display name",
      resource("MeshService", "b1", { ...home, "kuma.io/display-name": "b2" }),
      "",
      "b1",
    ],
    [
      "local on Universal, copy of one on Kubernetes",
      resource("MeshService", "backend", { ...home, ...demo }),
      "",
      "backend.demo",
    ],
    ["local on Kubernetes", resource("MeshService", "backend.demo", { ...home, ...demo }), "sys", "backend.demo"],
    ["multi-zone", resource("MeshMultiZoneService", "backend-524cwbwv5vzz94b6", { ...synced, ...demo }), "", "backend"],
    ["external", resource("MeshExternalService", "httpbin", {}), "", "httpbin"],
    [
      "external, synced",
      resource("MeshExternalService", "outside-bw8w8vbcf9dd46c5", { "kuma.io/display-name": "outside" }),
      "",
      "outside",
    ],
  ])("of a service that is %s", (_case, service, systemNamespace, name) => {
    const kind = service.type as ServiceKind;
    expect(hashedSniName({ kind, resource: service }, systemNamespace)).toBe(name);
    const sni = hashedSni({ kind, resource: service }, { port: 80 }, systemNamespace);
    expect(sni).toBe(hashedSniOf({ kind, name, mesh: "default", port: 80 }));
  });

  /** Suspected: the owner's door and a client in another zone derive the name from different fields. */
  it("are the same at the owner and at every client", () => {
    const label = fc.stringMatching(/^[a-z]([-a-z0-9]{0,20}[a-z0-9])?$/);
    fc.assert(
      fc.property(label, fc.option(label, { nil: undefined }), fc.boolean(), (name, namespace, isKubernetes) => {
        const inNamespace: Labels = namespace === undefined ? {} : { "k8s.kuma.io/namespace": namespace };
        const ownName = isKubernetes && namespace !== undefined ? `${name}.${namespace}` : name;
        const owned = resource("MeshService", ownName, { ...home, ...inNamespace });
        const copy = resource("MeshService", `${name}-hash`, {
          ...synced,
          "kuma.io/display-name": name,
          ...inNamespace,
        });
        const ownSystemNamespace = isKubernetes ? "kuma-system" : "";
        for (const clientSystemNamespace of ["", "kuma-system"]) {
          expect(hashedSniName({ kind: "MeshService", resource: copy }, clientSystemNamespace)).toBe(
            hashedSniName({ kind: "MeshService", resource: owned }, ownSystemNamespace),
          );
        }
      }),
    );
  });
});

describe("names from KRIs", () => {
  function kri(type: ServiceKind, mesh: string, zone: string, namespace: string, name: string) {
    return { kind: type, kri: { type, mesh, zone, namespace, name, section: "" } };
  }
  it.each([
    [kri("MeshService", "default", "east", "", "backend"), "8080", "sni.msvc.default.east.backend.8080"],
    [kri("MeshService", "default", "east", "demo", "backend"), "http", "sni.msvc.default.east.demo.backend.http"],
    [kri("MeshMultiZoneService", "default", "", "", "multi-backend"), "80", "sni.mzsvc.default.multi-backend.80"],
    [kri("MeshExternalService", "default", "", "", "example"), "9000", "sni.extsvc.default.example.9000"],
    [kri("MeshExternalService", "m", "kuma-3", "", "mes-zone-proxy"), "80", "sni.extsvc.m.kuma-3.mes-zone-proxy.80"],
    [kri("MeshService", "default", "", "demo", "backend"), "80", "sni.msvc.default.backend.80"],
    // Recorded in the zone west and its neighbour.
    [kri("MeshService", "default", "west", "", "backend"), "http", "sni.msvc.default.west.backend.http"],
    [kri("MeshMultiZoneService", "default", "", "", "backend"), "http", "sni.mzsvc.default.backend.http"],
    [kri("MeshExternalService", "default", "", "", "outside"), "9000", "sni.extsvc.default.outside.9000"],
  ])("%j", (service, section, sni) => expect(kriSni(service, { section })).toEqual({ ok: true, value: sni }));

  it.each([
    [kri("MeshService", "default", "east", "", "back.end"), "80", 'name "back.end" does not conform to RFC 1123'],
    [kri("MeshService", "de_fault", "", "", "backend"), "80", 'mesh "de_fault" does not conform to RFC 1123'],
    [kri("MeshService", "default", "east", "", "backend"), "h_ttp", "a lowercase RFC 1123 label"],
    [kri("MeshService", "default", "e".repeat(64), "", "b"), "80", "must be no more than 63 characters"],
    [
      kri("MeshService", "m".repeat(63), "z".repeat(63), "n".repeat(63), "b".repeat(63)),
      "80",
      "computed SNI is 267 characters which exceeds the DNS hostname limit (253)",
    ],
  ])("that are none: %j %s", (service, section, reason) => {
    const sni = kriSni(service, { section });
    expect(sni.ok ? "" : sni.error.join("\n")).toContain(reason);
  });

  it("of what has no name are none", () => {
    const unnamed = kri("MeshService", "default", "", "", displayName({ name: "", labels: {} }));
    expect(kriSni(unnamed, { section: "80" }).ok).toBe(false);
  });
});
